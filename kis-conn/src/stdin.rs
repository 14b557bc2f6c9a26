//! The source kind `stdin`: rows that another program sends. They come once; what was not settled is lost with a crash.

use std::io::Read;
use std::sync::Arc;
use std::thread;

use kis_conf::{Code, Format, Params, Problem};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::file::{Amount, Chunk, FileParams, Start, Text, begin, layout, rows_that_fit};
use crate::numbered::{POSITIONS, number_of, position_of};
use crate::{
    BatchLimit, Block, BoxFuture, ConnError, Layout, Nature, Next, OpenError, Partition, Position, RawRows,
    Reader, RowsFrom, Source, SourceFacts, SourceInfo, SourceSpec,
};

const FACTS: SourceFacts = SourceFacts {
    nature: Nature::Push,
    replayable: false,
    bounded: true,
};

/// The source kind `stdin`. It ends when the input does.
pub(crate) const SOURCE: SourceInfo = SourceInfo {
    kind: "stdin",
    params: FileParams::SHAPE,
    facts: FACTS,
    positions: POSITIONS,
    open: |spec| Box::pin(open(spec)),
};

type Input = Box<dyn Read + Send>;

struct Stdin {
    name: Arc<str>,
    format: Format,
    params: FileParams,
    /// Taken by the one reader there can be.
    input: Mutex<Option<Input>>,
}

async fn open(spec: SourceSpec) -> Result<Arc<dyn Source>, OpenError> {
    let stdin = read_spec(&spec, Box::new(std::io::stdin()))?;
    Ok(Arc::new(stdin))
}

fn read_spec(spec: &SourceSpec, input: Input) -> Result<Stdin, OpenError> {
    let params = FileParams::read(&spec.params, &spec.place)?;
    let format = spec.format.unwrap_or(Format::Json);
    if !matches!(format, Format::Json | Format::Csv | Format::Raw) {
        let message = format!(
            "format {format} of source {} is not available in this version",
            spec.name
        );
        return Err(OpenError::Params(
            Problem::error(Code::NotAvailable, &spec.place, message).into(),
        ));
    }
    Ok(Stdin {
        name: Arc::from("stdin"),
        format,
        params,
        input: Mutex::new(Some(input)),
    })
}

impl Source for Stdin {
    fn facts(&self) -> SourceFacts {
        FACTS
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, ConnError>> {
        Box::pin(async { Ok(vec![Partition::new(&self.name)]) })
    }

    fn read<'a>(
        &'a self,
        _: &'a Partition,
        from: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, ConnError>> {
        Box::pin(async move {
            // Rows of this process go on behind those of the one before, so that each row has a number of its own.
            let row = number_of(from, &self.name)?;
            let Some(input) = self.input.lock().take() else {
                let message = "the standard input is read already; it can feed one source only";
                return Err(ConnError::fatal("stdin_taken", message));
            };
            let (send, chunks) = mpsc::channel(1);
            let (name, format, params) = (Arc::clone(&self.name), self.format, self.params.clone());
            // A thread of its own: reading may wait for ever, and must not keep the process from ending.
            thread::Builder::new()
                .name("stdin".to_owned())
                .spawn(move || pump(&name, format, &params, row, input, &send))
                .map_err(|error| ConnError::io("the thread that reads the standard input", &error))?;
            Ok(Box::new(StdinReader {
                name: Arc::clone(&self.name),
                chunks,
                now: None,
                ended: false,
                failed: None,
            }) as Box<dyn Reader>)
        })
    }

    fn commit<'a>(&'a self, _: &'a [(Partition, Position)]) -> BoxFuture<'a, Result<(), ConnError>> {
        Box::pin(async { Ok(()) })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), ConnError>> {
        Box::pin(async { Ok(()) })
    }
}

/// Rows, the end, or why there are no more.
type Sent = Result<Option<(Arc<Layout>, Chunk)>, ConnError>;

/// Reads to the end and sends rows as they come.
fn pump(
    name: &Arc<str>,
    format: Format,
    params: &FileParams,
    row: u64,
    input: Input,
    to: &mpsc::Sender<Sent>,
) {
    let mut text = Text {
        input,
        ahead: Vec::new(),
    };
    let started = begin(name, format, params, &mut text).map(|head| {
        let layout = layout(format, params, &head);
        let at = Start {
            byte: 0,
            line: row + 1 + head.lines,
            row,
            open_end: false,
        };
        (layout, at)
    });
    let (layout, at) = match started {
        Ok(started) => started,
        Err(error) => {
            // Nobody listens any more if this fails.
            let _ = to.blocking_send(Err(error));
            return;
        }
    };
    let mut chunks = crate::file::Chunks::new(Arc::clone(name), text, params.cutter(format), at);
    loop {
        let sent = match chunks.next(Amount::Available) {
            Ok(Some(chunk)) => Ok(Some((Arc::clone(&layout), chunk))),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        let over = !matches!(sent, Ok(Some(_)));
        if to.blocking_send(sent).is_err() || over {
            return;
        }
    }
}

struct StdinReader {
    name: Arc<str>,
    chunks: mpsc::Receiver<Sent>,
    now: Option<(Arc<Layout>, Chunk, usize)>,
    ended: bool,
    failed: Option<ConnError>,
}

impl Reader for StdinReader {
    fn next(&mut self, limit: BatchLimit) -> BoxFuture<'_, Result<Next, ConnError>> {
        Box::pin(async move {
            loop {
                if let Some((layout, chunk, done)) = &mut self.now {
                    let count = if limit.unit_is_message {
                        1
                    } else {
                        rows_that_fit(chunk, *done, limit)
                    };
                    let block = block(&self.name, layout, chunk, *done, count);
                    *done += count;
                    if *done == chunk.cut.spans.len() {
                        self.now = None;
                    }
                    return Ok(Next::Block(block));
                }
                if let Some(error) = &self.failed {
                    return Err(error.clone());
                }
                if self.ended {
                    return Ok(Next::Ended);
                }
                match self.chunks.recv().await {
                    Some(Ok(Some((layout, chunk)))) => self.now = Some((layout, chunk, 0)),
                    Some(Ok(None)) => self.ended = true,
                    Some(Err(error)) => self.failed = Some(error),
                    None => {
                        let message = "the thread that reads the standard input is gone";
                        self.failed = Some(ConnError::fatal("reader_lost", message));
                    }
                }
            }
        })
    }
}

fn block(name: &Arc<str>, layout: &Arc<Layout>, chunk: &Chunk, first: usize, count: usize) -> Block {
    let spans = chunk.cut.spans[first..first + count].to_vec();
    let from = RowsFrom::Lines {
        name: Arc::clone(name),
        line: chunk.cut.line_of(first),
        start: spans.first().map_or(0, |&(start, _)| start),
    };
    let rows = RawRows::new(chunk.text.clone(), spans, Arc::clone(layout), from);
    Block {
        rows,
        after: position_of(chunk.row + (first + count) as u64),
    }
}

#[cfg(test)]
mod tests;
