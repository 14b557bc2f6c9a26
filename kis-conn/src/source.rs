//! The contract of a source: partitions, positions, blocks of undecoded rows.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kis_conf::{Format, Param, ParamsShape, Place, Start};

use crate::{AnyConnector, BoxFuture, ConnError, OpenFn, Partition, Position, PositionText, RawRows};

/// Where a flow's rows come from.
///
/// A source is opened once for each flow; the engine asks for its partitions, reads each with one [`Reader`], and
/// calls [`commit`](Source::commit) only when everything up to that position is durable.
pub trait Source: Send + Sync + 'static {
    /// What this source can promise.
    fn facts(&self) -> SourceFacts;

    /// The partitions there are now, in the order in which rows of ordered partitions should be read.
    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, ConnError>>;

    /// Reads a partition from the row behind `from`; without it from where the document's `start:` says.
    ///
    /// A log goes to the row behind `from`, whatever was committed: the engine's position is the truth. A queue and a
    /// push source cannot go back: they hand out what comes next and number it on from behind `from`, so that no two
    /// rows have one origin, and that a commit of `from` acknowledges nothing that is handed out now
    /// ([`Unacked`](crate::Unacked) does so).
    ///
    /// The engine reads again on the same source after an error, with the position behind the last row it got. What
    /// was handed out before is still on its way then, and its positions can still be committed.
    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, ConnError>>;

    /// Everything at or below these positions is durable: the source may acknowledge it, and nothing above it. A
    /// position may come twice, or be older than one before, and then changes nothing. If it fails, a later commit of
    /// the same or a later position makes up for it.
    fn commit<'a>(&'a self, up_to: &'a [(Partition, Position)]) -> BoxFuture<'a, Result<(), ConnError>>;

    /// Gives back what was opened; a queue gives back what it has not acknowledged. Nothing is read after it, but it
    /// may be called twice.
    fn close(&self) -> BoxFuture<'_, Result<(), ConnError>>;
}

/// Reads one partition, in order.
pub trait Reader: Send {
    /// The next rows, at most `limit` of them. Waits until there is at least one.
    ///
    /// Cancel-safe: a future that is dropped before it is done loses no row. An error does not end the reader:
    /// calling again tries again, and gives the same error where nothing can change.
    fn next(&mut self, limit: BatchLimit) -> BoxFuture<'_, Result<Next, ConnError>>;
}

/// What a reader hands out.
#[derive(Debug)]
pub enum Next {
    /// At least one row.
    Block(Block),
    /// No row will ever come again.
    Ended,
}

/// Rows and the position behind the last of them.
#[derive(Debug)]
pub struct Block {
    /// The rows, undecoded.
    pub rows: RawRows,
    /// Reading from here gives the row after the last one of this block.
    pub after: Position,
}

/// How large a batch may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimit {
    /// Rows at most; at least 1.
    pub rows: u32,
    /// Bytes at most; a single row may be larger.
    pub bytes: u64,
    /// How long a reader may wait to fill a batch that has its first row.
    pub linger: Duration,
    /// One message, request or file is one batch, whatever the other limits say.
    pub unit_is_message: bool,
}

impl Default for BatchLimit {
    fn default() -> Self {
        BatchLimit {
            rows: 1000,
            bytes: 4 << 20,
            linger: Duration::from_millis(20),
            unit_is_message: false,
        }
    }
}

/// How a source behaves towards positions and acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Positions order its rows and it can go back to any of them: file, Kafka, binlog.
    Log,
    /// Rows are acknowledged one by one and may come again in any order: Redis lists, AMQP. They are numbered as they
    /// are handed out, and to commit a position is to acknowledge all rows up to its number.
    Queue,
    /// The other side decides when rows come and keeps none: HTTP, stdin.
    Push,
}

/// What a source can promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceFacts {
    /// Log, queue or push.
    pub nature: Nature,
    /// Whether rows that were not committed come again after a restart.
    pub replayable: bool,
    /// Whether it ends by itself.
    pub bounded: bool,
}

/// What a source is opened with: its document, and the connector it names.
#[derive(Clone)]
pub struct SourceSpec {
    /// The source's name, `sname:`.
    pub name: String,
    /// Where its document begins.
    pub place: Place,
    /// `key:`: a path, topic, stream, table; whatever the kind calls it.
    pub key: Option<String>,
    /// `format:`, else the kind's default.
    pub format: Option<Format>,
    /// What stands under `params:`.
    pub params: Vec<Param>,
    /// `start:`, where reading begins without a position.
    pub start: Start,
    /// Relative paths begin here.
    pub base: PathBuf,
    /// The connector of `cname:`, if it has one.
    pub conn: Option<Arc<dyn AnyConnector>>,
}

impl fmt::Debug for SourceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceSpec")
            .field("name", &self.name)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// A source kind: the word YAML uses and how to open one. Registered through `inventory` for kinds of your own.
#[derive(Clone, Copy)]
pub struct SourceInfo {
    /// The word after `type:`.
    pub kind: &'static str,
    /// What may stand under `params:`.
    pub params: &'static ParamsShape,
    /// What sources of this kind promise at least; an opened one may know better.
    pub facts: SourceFacts,
    /// How people write its positions.
    pub positions: PositionText,
    /// Opens a source; outside systems are reached here or at the first read.
    pub open: OpenFn<SourceSpec, dyn Source>,
}

impl fmt::Debug for SourceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceInfo")
            .field("kind", &self.kind)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

inventory::collect!(SourceInfo);
