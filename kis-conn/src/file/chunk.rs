//! Reads an unpacked text in large chunks and cuts each into rows. Blocks; the reader runs it beside the lanes.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;

use super::head::{Start, Text, broken, too_long};
use crate::ConnError;
use crate::rows::{Cut, Cutter};

/// Bytes read at once: large enough that the cost per chunk vanishes, small enough to stay in the cache.
const CHUNK: usize = 256 << 10;

/// Bytes taken at once from an input that fills slowly.
const AVAILABLE: usize = 64 << 10;

/// A whole file as one batch may have so many bytes.
const WHOLE: usize = 1 << 30;

/// How much to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Chunk,
    /// Everything to the end, in one piece.
    Whole,
    /// What is there now; waits for the first byte only.
    Available,
}

/// A stretch of text and its rows.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) text: Bytes,
    pub(crate) cut: Cut,
    /// The offset of `text` in the file.
    pub(crate) byte: u64,
    /// Rows before.
    pub(crate) row: u64,
}

/// The chunks of a file, in order.
pub(crate) struct Chunks {
    name: Arc<str>,
    text: Text,
    cutter: Cutter,
    at: Start,
    ended: bool,
    failed: Option<ConnError>,
    /// Chunks handed out; their memory is used again when nobody has it any more.
    used: Vec<Bytes>,
}

impl Chunks {
    pub(crate) fn new(name: Arc<str>, text: Text, cutter: Cutter, at: Start) -> Self {
        Chunks {
            name,
            text,
            cutter,
            at,
            ended: false,
            failed: None,
            used: Vec::new(),
        }
    }

    /// The next chunk with at least one row; nothing at the end. After an error it is given again.
    pub(crate) fn next(&mut self, amount: Amount) -> Result<Option<Chunk>, ConnError> {
        loop {
            if let Some(error) = &self.failed {
                return Err(error.clone());
            }
            if self.ended {
                return Ok(None);
            }
            let (text, cut) = self.read(amount);
            let (byte, row) = (self.at.byte, self.at.row);
            self.at.byte += cut.used as u64;
            self.at.row += cut.spans.len() as u64;
            self.at.line = cut.line;
            if !cut.spans.is_empty() {
                return Ok(Some(Chunk { text, cut, byte, row }));
            }
        }
    }

    fn read(&mut self, amount: Amount) -> (Bytes, Cut) {
        let mut text = self.buffer();
        text.append(&mut self.text.ahead);
        let (read, last) = match amount {
            Amount::Chunk => self.fill(CHUNK, &mut text),
            Amount::Whole => self.fill(WHOLE, &mut text),
            Amount::Available => self.available(&mut text),
        };
        if self.at.open_end {
            self.close_open_end(&mut text, last);
            if self.failed.is_some() {
                return (
                    Bytes::new(),
                    Cut {
                        line: self.at.line,
                        ..Cut::default()
                    },
                );
            }
        }
        let cut = self.cutter.cut(&text, self.at.line, last);
        let behind = self.at.byte + text.len() as u64;
        self.text.ahead.extend_from_slice(&text[cut.used..]);
        self.ended = last;
        self.failed = match read {
            _ if cut.too_long => Some(too_long(&self.name, cut.line, self.cutter.max_row)),
            Err(error) => Some(broken(&self.name, behind, cut.line, &error)),
            Ok(()) if amount == Amount::Whole && !last => Some(self.too_large()),
            Ok(()) => None,
        };
        let text = Bytes::from(text);
        self.used.push(text.clone());
        (text, cut)
    }

    /// Reads `wanted` bytes, and says whether the text ended before.
    fn fill(&mut self, wanted: usize, text: &mut Vec<u8>) -> (io::Result<()>, bool) {
        match self.text.input.by_ref().take(wanted as u64).read_to_end(text) {
            Ok(count) => (Ok(()), count < wanted),
            Err(error) => (Err(error), false),
        }
    }

    /// Reads once.
    fn available(&mut self, text: &mut Vec<u8>) -> (io::Result<()>, bool) {
        let before = text.len();
        text.resize(before + AVAILABLE, 0);
        let read = loop {
            match self.text.input.read(&mut text[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        text.truncate(before + read.as_ref().copied().unwrap_or(0));
        match read {
            Ok(count) => (Ok(()), count == 0),
            Err(error) => (Err(error), false),
        }
    }

    /// The last row had no line end when it was read. If one has come since, it belongs to that row; anything else
    /// means that only half of a row was read.
    fn close_open_end(&mut self, text: &mut Vec<u8>, last: bool) {
        self.at.open_end = text.is_empty();
        let end = match text.as_slice() {
            [] => 0,
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            [b'\r'] if last => 0,
            _ => {
                let line = self.at.line;
                let message = format!(
                    "{}:{line}: this line had no line end when its row was read, and has grown since, so half of a row \
                     was taken for a whole one; write rows with their line end at once, and run with --fresh to read again",
                    self.name
                );
                self.failed = Some(ConnError::fatal("grown_row", message));
                return;
            }
        };
        text.drain(..end);
        self.at.byte += end as u64;
        self.at.line += u64::from(end > 0);
    }

    fn too_large(&self) -> ConnError {
        let message = format!(
            "{} has more than {WHOLE} bytes and cannot be one batch; use batch: {{ unit: rows }}",
            self.name
        );
        ConnError::fatal("file_too_large", message)
    }

    /// A buffer, if possible one that was used before.
    fn buffer(&mut self) -> Vec<u8> {
        let free = self.used.iter().position(Bytes::is_unique);
        let mut buffer = free.map_or_else(Vec::new, |free| {
            let mut text = self.used.swap_remove(free);
            text.truncate(0);
            Vec::from(text)
        });
        // What is still lent out after some chunks is kept by somebody for long.
        if self.used.len() > 4 {
            self.used.remove(0);
        }
        buffer.clear();
        // Memory that is not touched costs nothing, growing step by step does.
        buffer.reserve(CHUNK + self.text.ahead.len() + 64);
        buffer
    }
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunks")
            .field("name", &self.name)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
