//! Splits one CSV record into texts. A record without quotes is split where it stands, without a copy.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use kis_conn::CsvLayout;

/// Where a text begins and ends in its record.
pub(crate) type Span = (u32, u32);

/// Splits records of one layout; its buffers are used again for each.
pub(crate) struct Records {
    delimiter: u8,
    quote: u8,
    reader: Reader,
    spans: Vec<Span>,
    ends: Vec<usize>,
    unquoted: Vec<u8>,
}

impl Records {
    pub(crate) fn new(layout: &CsvLayout) -> Records {
        Records {
            delimiter: layout.delimiter,
            quote: layout.quote,
            reader: ReaderBuilder::new().delimiter(layout.delimiter).quote(layout.quote).build(),
            spans: Vec::with_capacity(layout.columns.len()),
            ends: vec![0; layout.columns.len() + 1],
            unquoted: Vec::new(),
        }
    }

    /// The texts of `record`: the bytes that the spans point into, and the spans.
    pub(crate) fn split<'a>(&'a mut self, record: &'a [u8]) -> Result<(&'a str, &'a [Span]), String> {
        let record = trim_line_end(record);
        self.spans.clear();
        if memchr::memchr(self.quote, record).is_some() {
            return self.split_quoted(record);
        }
        let text = std::str::from_utf8(record).map_err(not_utf8)?;
        let mut from = 0;
        for to in memchr::memchr_iter(self.delimiter, record) {
            self.spans.push((from, to as u32));
            from = to as u32 + 1;
        }
        self.spans.push((from, record.len() as u32));
        Ok((text, &self.spans))
    }

    fn split_quoted(&mut self, record: &[u8]) -> Result<(&str, &[Span]), String> {
        self.reader.reset();
        self.unquoted.clear();
        // Unquoting never makes a record longer.
        self.unquoted.resize(record.len() + 1, 0);
        let (mut read, mut written, mut fields) = (0, 0, 0);
        loop {
            let (result, nin, nout, nend) =
                self.reader.read_record(&record[read..], &mut self.unquoted[written..], &mut self.ends[fields..]);
            (read, written, fields) = (read + nin, written + nout, fields + nend);
            match result {
                // An empty input tells the reader that the record ends here.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.unquoted.resize(self.unquoted.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => break,
            }
        }
        let mut from = 0;
        for &to in &self.ends[..fields] {
            self.spans.push((from as u32, to as u32));
            from = to;
        }
        let text = std::str::from_utf8(&self.unquoted[..written]).map_err(not_utf8)?;
        Ok((text, &self.spans))
    }
}

fn trim_line_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn not_utf8(error: std::str::Utf8Error) -> String {
    format!("the record is not UTF-8 from byte {} on", error.valid_up_to())
}
