//! Finds the rows in a stretch of text: lines, or CSV records that may span lines.

use memchr::{memchr, memchr_iter, memchr2};

/// How rows are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// One row a line; lines without anything are no rows.
    Lines,
    /// One row a line, empty ones too.
    AllLines,
    /// CSV records; a line end between quotes belongs to the field.
    Csv { delimiter: u8, quote: u8 },
}

/// Cuts text into rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cutter {
    pub(crate) dialect: Dialect,
    /// Bytes a row may have.
    pub(crate) max_row: usize,
}

/// The rows of a stretch of text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Start and end of each row, without line ends.
    pub(crate) spans: Vec<(u32, u32)>,
    /// (row, line): the row begins on this line, and rows up to the next entry follow line by line.
    pub(crate) lines: Vec<(u32, u64)>,
    /// Bytes that are done with; the next row begins here.
    pub(crate) used: usize,
    /// The line of the byte at `used`.
    pub(crate) line: u64,
    /// The last row ends with the text, not with a line end.
    pub(crate) open_end: bool,
    /// The row that begins at `used` is too long.
    pub(crate) too_long: bool,
}

impl Cut {
    /// The line on which a row begins.
    pub(crate) fn line_of(&self, row: usize) -> u64 {
        let behind = self.lines.partition_point(|&(first, _)| first as usize <= row);
        let (first, line) = self.lines[behind - 1];
        line + (row as u64 - u64::from(first))
    }

    /// Where the row behind `row` begins: its offset and line.
    pub(crate) fn behind(&self, row: usize) -> (usize, u64) {
        match self.spans.get(row + 1) {
            Some(&(start, _)) => (start as usize, self.line_of(row + 1)),
            None => (self.used, self.line),
        }
    }

    fn push(&mut self, text: &[u8], start: usize, end: usize, line: u64) {
        let end = if end > start && text[end - 1] == b'\r' {
            end - 1
        } else {
            end
        };
        // Rows mostly follow line by line; only where they do not is a line noted.
        let row = self.spans.len() as u32;
        let follows = self
            .lines
            .last()
            .is_some_and(|&(first, at)| at + u64::from(row - first) == line);
        if !follows {
            self.lines.push((row, line));
        }
        self.spans.push((start as u32, end as u32));
    }
}

impl Cutter {
    /// Finds the rows of `text`, which begins with a row on line `line`. `last`: nothing comes after it, so what has no
    /// line end is a row too. The text must be smaller than 4 GiB.
    pub(crate) fn cut(&self, text: &[u8], line: u64, last: bool) -> Cut {
        debug_assert!(u32::try_from(text.len()).is_ok(), "spans are 32 bits wide");
        let mut cut = Cut {
            line,
            ..Cut::default()
        };
        match self.dialect {
            Dialect::Lines | Dialect::AllLines => self.lines(text, &mut cut),
            Dialect::Csv { delimiter, quote } => self.records(text, delimiter, quote, last, &mut cut),
        }
        let rest = text.len() - cut.used;
        if rest > self.max_row {
            cut.too_long = true;
        } else if last && rest > 0 && !cut.too_long {
            let start = cut.used;
            cut.open_end = self.row(text, start, text.len(), cut.line, &mut cut);
            cut.line += memchr_iter(b'\n', &text[start..]).count() as u64;
            cut.used = text.len();
        }
        cut
    }

    fn lines(&self, text: &[u8], cut: &mut Cut) {
        // Rows are seldom shorter than this; a guess that is too small costs one move of the spans.
        let mut spans = Vec::with_capacity(text.len() / 48 + 1);
        let mut start = cut.used;
        let mut line = cut.line;
        // Rows mostly follow line by line; only behind a line that is no row the next row's line is noted.
        let mut skipped = true;
        for end in memchr_iter(b'\n', text) {
            if end - start > self.max_row {
                cut.too_long = true;
                break;
            }
            // A line that begins with a visible byte is a row; only others are looked at as a whole.
            if text[start] > b' ' || self.is_row(&text[start..end]) {
                if skipped {
                    cut.lines.push((spans.len() as u32, line));
                    skipped = false;
                }
                let carriage = end > start && text[end - 1] == b'\r';
                spans.push((start as u32, (end - usize::from(carriage)) as u32));
            } else {
                skipped = true;
            }
            start = end + 1;
            line += 1;
        }
        cut.spans = spans;
        cut.used = start;
        cut.line = line;
    }

    /// Whether a line without its end is a row.
    fn is_row(&self, line: &[u8]) -> bool {
        self.dialect == Dialect::AllLines || !line.iter().all(u8::is_ascii_whitespace)
    }

    fn records(&self, text: &[u8], delimiter: u8, quote: u8, last: bool, cut: &mut Cut) {
        let mut at = 0;
        let mut inner_lines = 0;
        while let Some(found) = memchr2(b'\n', quote, &text[at..]) {
            let found = at + found;
            if text[found] == b'\n' {
                if found - cut.used > self.max_row {
                    cut.too_long = true;
                    return;
                }
                self.row(text, cut.used, found, cut.line, cut);
                cut.used = found + 1;
                cut.line += 1 + inner_lines;
                inner_lines = 0;
                at = found + 1;
            } else if found == cut.used || text[found - 1] == delimiter {
                let Some(closed) = closing_quote(text, found + 1, quote, last) else {
                    return;
                };
                inner_lines += memchr_iter(b'\n', &text[found..closed]).count() as u64;
                at = closed + 1;
            } else {
                // A quote inside of a field that does not begin with one is a character like any other.
                at = found + 1;
            }
        }
    }

    /// Adds a row unless it is a line without anything; whether it was added.
    fn row(&self, text: &[u8], start: usize, end: usize, line: u64, cut: &mut Cut) -> bool {
        let is_row = self.is_row(&text[start..end]);
        if is_row {
            cut.push(text, start, end, line);
        }
        is_row
    }
}

/// The quote that closes a field; a doubled one is a character of it. Nothing if it does not close in this text, or
/// if the next byte must be seen to know.
fn closing_quote(text: &[u8], from: usize, quote: u8, last: bool) -> Option<usize> {
    let mut at = from;
    loop {
        let found = at + memchr(quote, &text[at..])?;
        match text.get(found + 1) {
            Some(&next) if next == quote => at = found + 2,
            None if !last => return None,
            _ => return Some(found),
        }
    }
}

#[cfg(test)]
mod tests;
