//! The connector kind `memory`: keeps rows as JSON texts and behaves as the file sink does.

use std::fmt;

use serde::Serialize;

use crate::sink::{LaneWriter, RowFormat, Sink, Target};
use crate::{ConnError, ConnSpec, Connector, LaneContext};

/// Keeps the rows that are written to it, `type: memory`. It is the in-memory twin of the file sink: rows count when the
/// cut is made, and a flow that starts again takes back what its last cut does not cover.
pub struct Memory {
    sink: Sink<Kept>,
}

impl Memory {
    /// The rows of all cuts so far, as JSON texts, in the order in which they were written within each lane.
    pub fn rows(&self) -> Vec<String> {
        let target = self.sink.target();
        let text = String::from_utf8_lossy(&target.rows[..target.cut]);
        text.lines().map(str::to_owned).collect()
    }
}

impl Connector for Memory {
    const KIND: &'static str = "memory";
    const ATOMIC_BATCH: bool = true;
    const CUTS: bool = true;
    const ONE_FLOW: bool = true;
    type Params = ();
    type Client = MemoryClient;

    async fn open(spec: ConnSpec<()>) -> Result<Self, ConnError> {
        Ok(Memory {
            sink: Sink::new(&spec.name, Kept::default()),
        })
    }

    fn client(&self, lane: &LaneContext) -> MemoryClient {
        MemoryClient {
            writer: self.sink.writer(lane),
        }
    }

    async fn cut(&self) -> Result<Option<Vec<u8>>, ConnError> {
        self.sink.cut().map(Some)
    }

    async fn restore(&self, note: Option<&[u8]>) -> Result<(), ConnError> {
        let len = match note {
            Some(note) => length(note)?,
            None => 0,
        };
        let mut target = self.sink.restart();
        // The memory of another process is gone with it.
        target.rows.truncate(len);
        target.cut = target.rows.len();
        Ok(())
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

/// What a step writes to a [`Memory`] with.
pub struct MemoryClient {
    writer: LaneWriter<Kept>,
}

impl MemoryClient {
    /// Writes one row.
    ///
    /// # Errors
    /// Reject, if the row cannot be written as JSON.
    pub fn write<R: Serialize + ?Sized>(&self, row: &R) -> Result<(), ConnError> {
        self.writer
            .write::<R>(|_| Ok(()), |to| RowFormat::Json.encode(row, to))
    }

    /// Writes many rows. If it fails, none of them is kept.
    ///
    /// # Errors
    /// As [`write`](MemoryClient::write).
    pub fn write_all<'a, R: Serialize + 'a>(
        &self,
        rows: impl IntoIterator<Item = &'a R>,
    ) -> Result<(), ConnError> {
        let mut rows = rows.into_iter();
        self.writer.write::<R>(
            |_| Ok(()),
            |to| rows.try_for_each(|row| RowFormat::Json.encode(row, to)),
        )
    }
}

impl fmt::Debug for MemoryClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryClient").finish_non_exhaustive()
    }
}

/// Rows as lines, and how much of them the last cut covers.
#[derive(Default)]
struct Kept {
    rows: Vec<u8>,
    cut: usize,
}

impl Target for Kept {
    const FLUSH: usize = 0;

    fn append(&mut self, rows: &[u8]) -> Result<(), ConnError> {
        self.rows.extend_from_slice(rows);
        Ok(())
    }

    fn cut(&mut self) -> Result<Vec<u8>, ConnError> {
        self.cut = self.rows.len();
        Ok(format!("1 len={}", self.cut).into_bytes())
    }
}

/// The length that a cut noted.
fn length(note: &[u8]) -> Result<usize, ConnError> {
    let text = std::str::from_utf8(note).ok();
    let len = text.and_then(|text| text.strip_prefix("1 len=")?.parse().ok());
    len.ok_or_else(|| {
        let shown = String::from_utf8_lossy(note);
        ConnError::fatal("bad_note", format!("{shown} is not a note of a memory connector"))
    })
}
