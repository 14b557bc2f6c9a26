//! Reads one file: the next chunk is read on a blocking thread while the rows of this one are handed out.

use std::sync::Arc;

use tokio::task::{JoinHandle, spawn_blocking};

use super::chunk::{Amount, Chunk, Chunks};
use super::fingerprint::Fingerprint;
use super::head::Opened;
use super::place::FilePlace;
use crate::{BatchLimit, Block, BoxFuture, ConnError, Layout, Next, RawRows, Reader, RowsFrom};

type Read = (Box<Chunks>, Result<Option<Chunk>, ConnError>);

pub(super) struct FileReader {
    name: Arc<str>,
    layout: Arc<Layout>,
    file: Fingerprint,
    /// The chunk whose rows are handed out, and how many were.
    now: Option<(Chunk, usize)>,
    next: Ahead,
}

enum Ahead {
    Idle(Box<Chunks>),
    Reading(JoinHandle<Read>),
    /// The thread died; nothing can be read any more.
    Lost,
}

impl FileReader {
    pub(super) fn new(name: Arc<str>, opened: Opened) -> Self {
        let Opened { layout, file, chunks } = opened;
        FileReader {
            name,
            layout,
            file,
            now: None,
            next: Ahead::Idle(Box::new(chunks)),
        }
    }

    async fn advance(&mut self, limit: BatchLimit) -> Result<Next, ConnError> {
        let amount = if limit.unit_is_message {
            Amount::Whole
        } else {
            Amount::Chunk
        };
        loop {
            if let Some((chunk, done)) = &mut self.now {
                let rows = if limit.unit_is_message {
                    chunk.cut.spans.len()
                } else {
                    rows_that_fit(chunk, *done, limit)
                };
                let block = block(&self.name, &self.layout, self.file, chunk, *done, rows);
                *done += rows;
                if *done == chunk.cut.spans.len() {
                    self.now = None;
                }
                return Ok(Next::Block(block));
            }
            // Everything that is awaited stays in `self`, so a dropped future loses nothing.
            let (chunks, result) = match &mut self.next {
                Ahead::Reading(reading) => match reading.await {
                    Ok(read) => read,
                    Err(error) => {
                        self.next = Ahead::Lost;
                        return Err(self.lost(&error.to_string()));
                    }
                },
                Ahead::Idle(_) => {
                    self.read_ahead(amount);
                    continue;
                }
                Ahead::Lost => return Err(self.lost("it stopped before")),
            };
            self.next = Ahead::Idle(chunks);
            match result? {
                Some(chunk) => {
                    self.now = Some((chunk, 0));
                    self.read_ahead(amount);
                }
                None => return Ok(Next::Ended),
            }
        }
    }

    fn read_ahead(&mut self, amount: Amount) {
        if let Ahead::Idle(mut chunks) = std::mem::replace(&mut self.next, Ahead::Lost) {
            self.next = Ahead::Reading(spawn_blocking(move || {
                let result = chunks.next(amount);
                (chunks, result)
            }));
        }
    }

    fn lost(&self, why: &str) -> ConnError {
        ConnError::fatal(
            "reader_lost",
            format!("{}: the thread that reads the file is gone: {why}", self.name),
        )
    }
}

impl Reader for FileReader {
    fn next(&mut self, limit: BatchLimit) -> BoxFuture<'_, Result<Next, ConnError>> {
        Box::pin(self.advance(limit))
    }
}

/// How many rows from `done` on fit into a batch; at least one.
pub(crate) fn rows_that_fit(chunk: &Chunk, done: usize, limit: BatchLimit) -> usize {
    let rest = &chunk.cut.spans[done..];
    let rest = &rest[..rest.len().min(limit.rows.max(1) as usize)];
    let start = u64::from(rest[0].0);
    rest.partition_point(|&(_, end)| u64::from(end) - start <= limit.bytes)
        .max(1)
}

fn block(
    name: &Arc<str>,
    layout: &Arc<Layout>,
    file: Fingerprint,
    chunk: &Chunk,
    first: usize,
    count: usize,
) -> Block {
    let spans = chunk.cut.spans[first..first + count].to_vec();
    let from = RowsFrom::Lines {
        name: Arc::clone(name),
        line: chunk.cut.line_of(first),
        start: spans.first().map_or(0, |&(start, _)| start),
    };
    let last = first + count - 1;
    let (byte, line) = chunk.cut.behind(last);
    let after = FilePlace {
        row: chunk.row + (last + 1) as u64,
        line,
        byte: chunk.byte + byte as u64,
        open_end: chunk.cut.open_end && last + 1 == chunk.cut.spans.len(),
        file,
    };
    Block {
        rows: RawRows::new(chunk.text.clone(), spans, Arc::clone(layout), from),
        after: after.position(),
    }
}
