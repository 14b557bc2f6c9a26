//! Splits one CSV record into texts. A record without quotes is split where it stands, without a copy.

use kis_conn::CsvLayout;

/// Where one text of a record begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// A text in quotes is a text even if it reads like a word for "no value".
    pub(crate) quoted: bool,
}

/// Splits records of one layout; its buffers are used again for each.
pub(crate) struct Records {
    delimiter: u8,
    quote: u8,
    spans: Vec<Span>,
    unquoted: Vec<u8>,
}

impl Records {
    pub(crate) fn new(layout: &CsvLayout) -> Records {
        Records {
            delimiter: layout.delimiter,
            quote: layout.quote,
            spans: Vec::with_capacity(layout.columns.len()),
            unquoted: Vec::new(),
        }
    }

    /// The texts of `record`: the bytes that the spans point into, and the spans.
    pub(crate) fn split<'a>(&'a mut self, record: &'a [u8]) -> Result<(&'a str, &'a [Span]), String> {
        let record = trim_line_end(record);
        self.spans.clear();
        if memchr::memchr(self.quote, record).is_some() {
            self.split_quoted(record)?;
            return Ok((str::from_utf8(&self.unquoted).map_err(not_utf8)?, &self.spans));
        }
        let text = str::from_utf8(record).map_err(not_utf8)?;
        let mut from = 0;
        for to in memchr::memchr_iter(self.delimiter, record) {
            self.push(from, to, false);
            from = to + 1;
        }
        self.push(from, record.len(), false);
        Ok((text, &self.spans))
    }

    fn split_quoted(&mut self, record: &[u8]) -> Result<(), String> {
        self.unquoted.clear();
        let mut rest = record;
        loop {
            let from = self.unquoted.len();
            let quoted = rest.first() == Some(&self.quote);
            if quoted {
                rest = self.unquote(&rest[1..])?;
            }
            // What stands behind a closing quote belongs to the text, as spreadsheets read it.
            let end = memchr::memchr(self.delimiter, rest).unwrap_or(rest.len());
            self.unquoted.extend_from_slice(&rest[..end]);
            self.push(from, self.unquoted.len(), quoted);
            match rest.get(end + 1..) {
                Some(more) => rest = more,
                None => return Ok(()),
            }
        }
    }

    /// Appends the text up to the closing quote, doubled quotes as one; gives what stands behind it.
    fn unquote<'a>(&mut self, mut rest: &'a [u8]) -> Result<&'a [u8], String> {
        loop {
            let end =
                memchr::memchr(self.quote, rest).ok_or("a quoted text of the record has no closing quote")?;
            self.unquoted.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            if rest.first() != Some(&self.quote) {
                return Ok(rest);
            }
            self.unquoted.push(self.quote);
            rest = &rest[1..];
        }
    }

    #[inline]
    fn push(&mut self, from: usize, to: usize, quoted: bool) {
        self.spans.push(Span {
            from: from as u32,
            to: to as u32,
            quoted,
        });
    }
}

fn trim_line_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

fn not_utf8(error: std::str::Utf8Error) -> String {
    format!("the record is not UTF-8 from byte {} on", error.valid_up_to())
}
