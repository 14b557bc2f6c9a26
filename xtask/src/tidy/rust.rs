//! Rust text without what is not code: comments and the insides of literals become spaces.

/// `text` with comments and the insides of string and character literals blanked; lines and columns stay.
pub(super) fn code_only(text: &str) -> String {
    let mut lexer = Lexer {
        text: text.as_bytes(),
        at: 0,
        out: Vec::with_capacity(text.len()),
    };
    lexer.run();
    // Only whole characters are blanked, each of their bytes by one space.
    String::from_utf8_lossy(&lexer.out).into_owned()
}

/// The part of a file before its inline `#[cfg(test)] mod name {`.
pub(super) fn without_tests(code: &str) -> &str {
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(test)]") {
        let at = from + found;
        let after = code[at + "#[cfg(test)]".len()..].trim_start();
        let item = after.lines().next().unwrap_or_default();
        if item.starts_with("mod ") && item.trim_end().ends_with('{') {
            return &code[..at];
        }
        from = at + 1;
    }
    code
}

/// The line, counted from 1, on which the byte `at` stands.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    out: Vec<u8>,
}

impl Lexer<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b'/' if self.peek(1) == Some(b'/') => self.blank_until(|lexer| lexer.peek(0) == Some(b'\n')),
                b'/' if self.peek(1) == Some(b'*') => self.block_comment(),
                b'"' => self.string(),
                b'r' if self.starts_word() => self.raw_or_word(0),
                b'b' | b'c' if self.starts_word() && self.peek(1) == Some(b'r') => self.raw_or_word(1),
                b'\'' => self.quote(),
                _ => self.keep(1),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn keep(&mut self, count: usize) {
        let end = (self.at + count).min(self.text.len());
        self.out.extend_from_slice(&self.text[self.at..end]);
        self.at = end;
    }

    fn blank(&mut self, count: usize) {
        let end = (self.at + count).min(self.text.len());
        self.out.extend(
            self.text[self.at..end]
                .iter()
                .map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }),
        );
        self.at = end;
    }

    fn blank_until(&mut self, done: impl Fn(&Self) -> bool) {
        while self.at < self.text.len() && !done(self) {
            self.blank(1);
        }
    }

    fn starts_word(&self) -> bool {
        self.at == 0 || !is_word(self.text[self.at - 1])
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.text.len() {
            match (self.peek(0), self.peek(1)) {
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    self.blank(2);
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.blank(2);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.blank(1),
            }
        }
    }

    fn string(&mut self) {
        self.keep(1);
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.blank(2),
                b'"' => return self.keep(1),
                _ => self.blank(1),
            }
        }
    }

    /// At `r`, or at a letter before it: a raw string, or just a word.
    fn raw_or_word(&mut self, prefix: usize) {
        let mut hashes = 0;
        while self.peek(prefix + 1 + hashes) == Some(b'#') {
            hashes += 1;
        }
        if self.peek(prefix + 1 + hashes) != Some(b'"') {
            return self.keep(1);
        }
        self.keep(prefix + 1 + hashes + 1);
        self.blank_until(|lexer| {
            lexer.peek(0) == Some(b'"') && (1..=hashes).all(|ahead| lexer.peek(ahead) == Some(b'#'))
        });
        self.keep(1 + hashes);
    }

    /// A character literal or a lifetime.
    fn quote(&mut self) {
        let is_char = match self.peek(1) {
            Some(b'\\') => true,
            Some(byte) if byte < 0x80 => self.peek(2) == Some(b'\''),
            Some(_) => true,
            None => false,
        };
        self.keep(1);
        if !is_char {
            return;
        }
        if self.peek(0) == Some(b'\\') {
            self.blank(2);
        }
        // Behind an escape, or in a character of several bytes, the literal goes on to its quote.
        self.blank_until(|lexer| lexer.peek(0) == Some(b'\''));
        self.keep(1);
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

#[cfg(test)]
mod tests;
