//! The source kind `stdin`: rows that another program sends. They come once; what was not settled is lost with a crash.

mod place;

use std::io::Read;
use std::sync::Arc;
use std::thread;

use kis_conf::{Code, Format, Params, Problem};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use self::place::{POSITIONS, PipePlace};
use crate::file::{Amount, Chunk, FileParams, Start, Text, begin, layout, rows_that_fit};
use crate::single::{OnePartition, Single, only_earliest};
use crate::{
    BatchLimit, Block, BoxFuture, ConnError, ErrorClass, Layout, Nature, Next, OpenError, Position, RawRows,
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
    input: Arc<Mutex<Feed>>,
}

/// The input, which one reader can have at a time.
enum Feed {
    Unread(Input),
    Taken,
    /// What a reader that was dropped left: the next one goes on with it.
    Left(Box<Feeding>),
}

async fn open(spec: SourceSpec) -> Result<Arc<dyn Source>, OpenError> {
    Ok(Arc::new(read_spec(&spec, Box::new(std::io::stdin()))?))
}

fn read_spec(spec: &SourceSpec, input: Input) -> Result<OnePartition<Stdin>, OpenError> {
    let params = FileParams::read(&spec.params, &spec.place)?;
    only_earliest(spec, "stdin")?;
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
    Ok(OnePartition(Stdin {
        name: Arc::from("stdin"),
        format,
        params,
        input: Arc::new(Mutex::new(Feed::Unread(input))),
    }))
}

impl Single for Stdin {
    fn facts(&self) -> SourceFacts {
        FACTS
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, from: Option<&Position>) -> Result<Box<dyn Reader>, ConnError> {
        // Rows of this process go on behind those of the one before, so that each has a number and line of its own.
        let from = PipePlace::of(from, &self.name)?;
        let mut input = self.input.lock();
        let feeding = match std::mem::replace(&mut *input, Feed::Taken) {
            Feed::Unread(unread) => self.start(from, unread)?,
            Feed::Left(feeding) => feeding,
            Feed::Taken => {
                let message = "the standard input is read already; it can feed one source only";
                return Err(ConnError::fatal("stdin_taken", message));
            }
        };
        Ok(Box::new(StdinReader {
            feeding: Some(feeding),
            home: Arc::clone(&self.input),
        }))
    }
}

impl Stdin {
    fn start(&self, from: PipePlace, input: Input) -> Result<Box<Feeding>, ConnError> {
        let (send, chunks) = mpsc::channel(1);
        let (name, format, params) = (Arc::clone(&self.name), self.format, self.params.clone());
        // A thread of its own: reading may wait for ever, and must not keep the process from ending.
        thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || pump(&name, format, &params, from, input, &send))
            .map_err(|error| ConnError::io("the thread that reads the standard input", &error))?;
        Ok(Box::new(Feeding {
            name: Arc::clone(&self.name),
            chunks,
            now: None,
            ended: false,
            failed: None,
        }))
    }
}

/// Rows, the end, or why there are no more.
type Sent = Result<Option<(Arc<Layout>, Chunk)>, ConnError>;

/// Reads to the end and sends rows as they come.
fn pump(
    name: &Arc<str>,
    format: Format,
    params: &FileParams,
    from: PipePlace,
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
            line: from.line + head.lines,
            row: from.row,
            open_end: false,
        };
        (layout, at)
    });
    let (layout, at) = match started {
        Ok(started) => started,
        Err(error) => {
            // Nobody listens any more if this fails.
            let _ = to.blocking_send(Err(lost(error)));
            return;
        }
    };
    let mut chunks = crate::file::Chunks::new(Arc::clone(name), text, params.cutter(format), at);
    loop {
        let sent = match chunks.next(Amount::Available) {
            Ok(Some(chunk)) => Ok(Some((Arc::clone(&layout), chunk))),
            Ok(None) => Ok(None),
            Err(error) => Err(lost(error)),
        };
        let over = !matches!(sent, Ok(Some(_)));
        if to.blocking_send(sent).is_err() || over {
            return;
        }
    }
}

/// What broke off cannot be read again, so asking again helps nobody.
fn lost(error: ConnError) -> ConnError {
    ConnError {
        class: ErrorClass::Fatal,
        ..error
    }
}

struct StdinReader {
    /// There until the reader is dropped.
    feeding: Option<Box<Feeding>>,
    home: Arc<Mutex<Feed>>,
}

impl Drop for StdinReader {
    fn drop(&mut self) {
        if let Some(feeding) = self.feeding.take() {
            *self.home.lock() = Feed::Left(feeding);
        }
    }
}

/// The input while it is read.
struct Feeding {
    name: Arc<str>,
    chunks: mpsc::Receiver<Sent>,
    now: Option<(Arc<Layout>, Chunk, usize)>,
    ended: bool,
    failed: Option<ConnError>,
}

impl Reader for StdinReader {
    fn next(&mut self, limit: BatchLimit) -> BoxFuture<'_, Result<Next, ConnError>> {
        let feeding = self
            .feeding
            .as_mut()
            .expect("it is there until the reader is dropped");
        Box::pin(feeding.next(limit))
    }
}

impl Feeding {
    async fn next(&mut self, limit: BatchLimit) -> Result<Next, ConnError> {
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
    let behind = first + count;
    // A last line without an end is a line too: the next process begins on one of its own.
    let open = chunk.cut.open_end && behind == chunk.cut.spans.len();
    let after = PipePlace {
        row: chunk.row + behind as u64,
        line: chunk.cut.behind(behind - 1).1 + u64::from(open),
    };
    Block {
        rows,
        after: after.position(),
    }
}

#[cfg(test)]
mod tests;
