//! A text of bounded length that can be composed in a `const`.

/// A text of at most `N` bytes. What does not fit is cut off and replaced by `...`.
#[derive(Clone, Copy)]
pub(crate) struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
    full: bool,
}

impl<const N: usize> Text<N> {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
            full: false,
        }
    }

    /// Appends a text; once something did not fit, nothing more is appended.
    pub(crate) const fn add(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        if self.full {
            return self;
        }
        let mut i = 0;
        while i < text.len() {
            if self.len == N {
                return self.cut();
            }
            self.bytes[self.len] = text[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// Appends a whole number in decimal.
    pub(crate) const fn add_int(self, number: i64) -> Self {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            at -= 1;
            digits[at] = b'-';
        }
        match std::str::from_utf8(digits.split_at(at).1) {
            Ok(text) => self.add(text),
            Err(_) => self,
        }
    }

    /// Appends a number with at most six digits behind the point.
    pub(crate) const fn add_float(self, number: f64) -> Self {
        let sign = if number < 0.0 { "-" } else { "" };
        let size = if number < 0.0 { -number } else { number };
        if size >= 9.0e12 {
            return self.add(sign).add("more than 9e12");
        }
        let micros = (size * 1e6 + 0.5) as i64;
        let text = self.add(sign).add_int(micros / 1_000_000);
        let mut fraction = micros % 1_000_000;
        if fraction == 0 {
            return text;
        }
        let mut text = text.add(".");
        let mut digit = 100_000;
        while fraction > 0 {
            text = text.add_int(fraction / digit);
            fraction %= digit;
            digit /= 10;
        }
        text
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            // Only whole texts are added, and a cut is made between characters.
            Err(_) => "",
        }
    }

    const fn cut(mut self) -> Self {
        let mut end = N - 3;
        // 0b10xxxxxx continues a character: step back to where one begins.
        while end > 0 && self.bytes[end] & 0b1100_0000 == 0b1000_0000 {
            end -= 1;
        }
        self.bytes[end] = b'.';
        self.bytes[end + 1] = b'.';
        self.bytes[end + 2] = b'.';
        self.len = end + 3;
        self.full = true;
        self
    }
}

#[cfg(test)]
mod tests;
