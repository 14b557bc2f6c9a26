//! Reads numbers, words and texts of JSON where they stand, several bytes at a time.

use serde::de::DeserializeOwned;

/// A place in a JSON text.
#[derive(Debug)]
pub struct Json<'a> {
    text: &'a [u8],
    at: usize,
}

/// A number as it is written: its digits without the point, and how many of them stand behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal {
    pub(crate) negative: bool,
    pub(crate) digits: u64,
    pub(crate) behind_point: u32,
}

/// The same byte eight times.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The highest bit of each byte.
const TOP: u64 = all(0x80);

/// The powers of ten up to that of eight digits.
const TENS: [u64; 9] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
];

impl<'a> Json<'a> {
    #[inline]
    pub(super) fn new(text: &'a [u8]) -> Json<'a> {
        Json { text, at: 0 }
    }

    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether this is all that is left.
    #[inline]
    pub(super) fn is_rest(&self, wanted: &[u8]) -> bool {
        self.text.get(self.at..) == Some(wanted)
    }

    /// Goes over white space.
    #[inline]
    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    /// Goes over these bytes, if they come next.
    #[inline(always)]
    pub(crate) fn eat(&mut self, wanted: &[u8]) -> bool {
        let end = self.at + wanted.len();
        let here = self.text.get(self.at..end) == Some(wanted);
        if here {
            self.at = end;
        }
        here
    }

    /// A whole number without a sign.
    #[inline]
    pub(crate) fn unsigned(&mut self) -> Option<u64> {
        self.leading()
    }

    /// A whole number. Minus zero is none: it is a float to serde.
    #[inline]
    pub(crate) fn signed(&mut self) -> Option<i64> {
        if self.eat(b"-") {
            let digits = self.leading()?;
            return 0i64.checked_sub_unsigned(digits).filter(|value| *value != 0);
        }
        i64::try_from(self.leading()?).ok()
    }

    /// A number with or without a point. None if it has more digits than can be told exactly, or an exponent; the place
    /// is anywhere then.
    #[inline]
    fn decimal(&mut self) -> Option<Decimal> {
        let negative = self.eat(b"-");
        let mut digits = self.leading()?;
        let mut behind_point = 0;
        if self.eat(b".") {
            let from = self.at;
            digits = self.digits(digits)?;
            behind_point = (self.at - from) as u32;
            if behind_point == 0 {
                return None;
            }
        }
        let usual = !matches!(self.text.get(self.at), Some(b'e' | b'E'));
        usual.then_some(Decimal {
            negative,
            digits,
            behind_point,
        })
    }

    /// A number with a point or an exponent: `exact` makes it of a decimal where that is what serde would make of it,
    /// serde reads all others.
    #[inline]
    pub(crate) fn float<T: DeserializeOwned>(
        &mut self,
        exact: impl FnOnce(Decimal) -> Option<T>,
    ) -> Option<T> {
        let from = self.at;
        match self.decimal().and_then(exact) {
            Some(value) => Some(value),
            None => self.number_by_serde(from),
        }
    }

    #[cold]
    fn number_by_serde<T: DeserializeOwned>(&mut self, from: usize) -> Option<T> {
        self.at = from;
        self.skip_number()?;
        serde_json::from_slice(&self.text[from..self.at]).ok()
    }

    /// A text without escapes.
    #[inline]
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.text_bytes()?).ok()
    }

    /// The bytes of a text without escapes and control characters.
    #[inline]
    pub(super) fn text_bytes(&mut self) -> Option<&'a [u8]> {
        self.eat(b"\"").then_some(())?;
        let from = self.at;
        loop {
            let (word, there) = self.word();
            let quote = word ^ all(b'"');
            let escape = word ^ all(b'\\');
            let ends = |bytes: u64, of: u8| bytes.wrapping_sub(all(of)) & !bytes;
            // The lowest of these bits is exact: a byte that is none of the three can only follow one that is.
            let ends = (ends(quote, 1) | ends(escape, 1) | ends(word, 0x20)) & TOP;
            let first = (ends.trailing_zeros() / 8) as usize;
            if first < there {
                self.at += first;
                let text = &self.text[from..self.at];
                return self.eat(b"\"").then_some(text);
            }
            if there < 8 {
                return None;
            }
            self.at += 8;
        }
    }

    /// Goes over a number, a word or a text without escapes.
    pub(super) fn skip_flat(&mut self) -> Option<()> {
        match self.text.get(self.at)? {
            b'"' => self.text_bytes().map(drop),
            b'-' | b'0'..=b'9' => self.skip_number(),
            _ => (self.eat(b"true") || self.eat(b"false") || self.eat(b"null")).then_some(()),
        }
    }

    /// Goes over a number as JSON writes it.
    fn skip_number(&mut self) -> Option<()> {
        self.eat(b"-");
        if !self.eat(b"0") {
            self.some_digits()?;
        }
        if self.eat(b".") {
            self.some_digits()?;
        }
        if self.eat(b"e") || self.eat(b"E") {
            let _ = self.eat(b"+") || self.eat(b"-");
            self.some_digits()?;
        }
        Some(())
    }

    fn some_digits(&mut self) -> Option<()> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.text.get(self.at) {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }

    /// The digits before a point: at least one, and no zero in front of others.
    #[inline]
    fn leading(&mut self) -> Option<u64> {
        let from = self.at;
        let zero = self.text.get(from) == Some(&b'0');
        let digits = self.digits(0)?;
        let count = self.at - from;
        (count == 1 || (count > 1 && !zero)).then_some(digits)
    }

    /// Goes over digits, perhaps none, and puts them behind those that were read before. None if they are too many.
    #[inline(always)]
    fn digits(&mut self, before: u64) -> Option<u64> {
        let (value, count) = self.up_to_eight();
        self.at += count as usize;
        let all = before
            .checked_mul(TENS[count as usize])?
            .checked_add(u64::from(value))?;
        if count < 8 {
            Some(all)
        } else {
            self.more_digits(all)
        }
    }

    #[inline(never)]
    fn more_digits(&mut self, mut value: u64) -> Option<u64> {
        while let Some(digit @ b'0'..=b'9') = self.text.get(self.at) {
            value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        Some(value)
    }

    /// The digits that come next, eight at most, and how many they are; without a branch for each.
    #[inline]
    fn up_to_eight(&self) -> (u32, u32) {
        let digits = self.word().0 ^ all(b'0');
        // A byte above nine gets its highest bit set; what it carries changes only bytes behind it.
        let others = (digits.wrapping_add(all(0x80 - 10)) | digits) & TOP;
        let count = others.trailing_zeros() / 8;
        // Zeros in front in the place of what is no digit. A shift in two steps, for a count of zero.
        let digits = (digits << (8 * (7 - count.min(7)))) << (8 * u32::from(count < 8));
        // Pairs of digits, then pairs of pairs, then both halves.
        let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
        let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
        let high = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
        ((low.wrapping_add(high) >> 32) as u32, count)
    }

    /// The next eight bytes, the first one lowest, and how many of them there are; zeros stand for those that are not.
    #[inline]
    fn word(&self) -> (u64, usize) {
        if let Some(eight) = self.text.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            return (u64::from_le_bytes(*eight), 8);
        }
        let there = self.text.len() - self.at;
        match self.text.last_chunk::<8>() {
            // There are fewer than eight, so the shift is less than 64 unless there are none.
            Some(last) if there > 0 => (u64::from_le_bytes(*last) >> (8 * (8 - there)), there),
            _ => {
                let mut eight = [0; 8];
                eight[..there].copy_from_slice(&self.text[self.at..]);
                (u64::from_le_bytes(eight), there)
            }
        }
    }
}
