//! Sources with a flaw: a log, a queue and a pipe, made of the built-in ones in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::broken;
use crate::suite::cases::run;
use crate::suite::{Report, SourceUnderTest, check_source};
use crate::{
    BatchLimit, Block, BoxFuture, ConnError, Layout, MemoryQueue, Nature, Next, OpenError, Partition,
    Position, RawRows, Reader, Source, SourceFacts, memory_source,
};

/// What is wrong with a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    // Of any kind.
    FactsChange,
    PartitionsChange,
    RowsSwapped,
    RowTwice,
    EmptyBlock,
    LimitIgnored,
    OneOrigin,
    OnePosition,
    EndWithoutEnd,
    NoEnd,
    EndComesOnce,
    CancelLoses,
    PauseLoses,
    AnyPosition,
    AnyPartition,
    StaleCommitFails,
    OneReader,
    ClosesOnce,
    FatalWhenDown,
    DownLoses,
    // Of a log.
    RowBehindPositionLost,
    RowBeforePositionAgain,
    CommitWins,
    // Of a queue.
    AcksWhatIsRead,
    CommitsAll,
    CommitsNothing,
    NumbersAnew,
    CloseKeeps,
    // Of a pipe.
    PositionSkips,
}

/// A source of nine rows with a flaw.
struct Case {
    kind: Nature,
    flaw: Flaw,
    queue: MemoryQueue,
    outside: Arc<Outside>,
}

/// What outlives a process.
#[derive(Default)]
struct Outside {
    opened: AtomicU32,
    down: Mutex<bool>,
    committed: Mutex<Option<Position>>,
}

fn nine() -> Vec<String> {
    (1..=9).map(|i| format!("row {i}")).collect()
}

impl Case {
    fn new(kind: Nature, flaw: Flaw) -> Case {
        let queue = MemoryQueue::new("rows", Layout::Raw);
        nine().iter().for_each(|row| queue.push(row));
        Case {
            kind,
            flaw,
            queue,
            outside: Arc::default(),
        }
    }
}

impl SourceUnderTest for Case {
    async fn open(&self) -> Result<Arc<dyn Source>, OpenError> {
        let inner = match self.kind {
            Nature::Queue => self.queue.consumer(),
            _ => memory_source("rows", Layout::Raw, nine()),
        };
        Ok(Arc::new(Flawed {
            inner,
            kind: self.kind,
            flaw: self.flaw,
            number: self.outside.opened.fetch_add(1, Relaxed),
            outside: Arc::clone(&self.outside),
            calls: AtomicU32::new(0),
            closed: AtomicU32::new(0),
            last: Arc::default(),
        }))
    }

    fn rows(&self) -> Vec<(String, Vec<String>)> {
        vec![("rows".to_owned(), nine())]
    }

    async fn set_down(&self, down: bool) -> bool {
        *self.outside.down.lock() = down;
        if self.kind == Nature::Queue {
            self.queue.set_down(down);
        }
        true
    }

    fn patience(&self) -> Duration {
        // Everything is in memory: what does not come at once never does.
        Duration::from_millis(200)
    }
}

struct Flawed {
    inner: Arc<dyn Source>,
    kind: Nature,
    flaw: Flaw,
    number: u32,
    outside: Arc<Outside>,
    calls: AtomicU32,
    closed: AtomicU32,
    /// The position that was handed out last.
    last: Arc<Mutex<Option<Position>>>,
}

impl Flawed {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    /// The rows before a position, and the position behind so many rows.
    fn moved(from: &Position, by: i64) -> Position {
        let rows: i64 = from.show()["1 row=".len()..].parse().unwrap();
        Position::new(format!("1 row={}", (rows + by).max(0)).into_bytes())
    }
}

impl Source for Flawed {
    fn facts(&self) -> SourceFacts {
        let facts = self.inner.facts();
        SourceFacts {
            nature: self.kind,
            replayable: self.kind != Nature::Push,
            bounded: match self.flaw {
                Flaw::EndWithoutEnd => false,
                Flaw::FactsChange => self.number.is_multiple_of(2),
                _ => facts.bounded,
            },
        }
    }

    fn partitions(&self) -> BoxFuture<'_, Result<Vec<Partition>, ConnError>> {
        Box::pin(async {
            let mut found = self.inner.partitions().await?;
            if self.has(Flaw::PartitionsChange) && self.calls.fetch_add(1, Relaxed) > 0 {
                found.push(Partition::new("another"));
            }
            Ok(found)
        })
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: Option<&'a Position>,
    ) -> BoxFuture<'a, Result<Box<dyn Reader>, ConnError>> {
        Box::pin(async move {
            if self.has(Flaw::OneReader) && self.calls.fetch_add(1, Relaxed) > 0 {
                return Err(ConnError::fatal("taken", "there is a reader already"));
            }
            let own = Partition::new("rows");
            let partition = if self.has(Flaw::AnyPartition) {
                &own
            } else {
                partition
            };
            let valid = from.is_none_or(|from| from.as_bytes().starts_with(b"1 row="));
            let mut from = from.cloned().filter(|_| valid || !self.has(Flaw::AnyPosition));
            let known = from.clone().filter(|_| valid && self.kind != Nature::Queue);
            from = match (self.flaw, known) {
                (Flaw::NumbersAnew, _) => None,
                (Flaw::RowBehindPositionLost, Some(known)) => Some(Self::moved(&known, 1)),
                (Flaw::RowBeforePositionAgain, Some(known)) => Some(Self::moved(&known, -1)),
                (Flaw::CommitWins, Some(known)) => self.outside.committed.lock().clone().or(Some(known)),
                // A pipe gives this process all its rows; only the numbers go on. Within a process it goes on too.
                (flaw, Some(known)) if self.kind == Nature::Push && flaw != Flaw::PositionSkips => {
                    let same = self.last.lock().is_some();
                    Some(known).filter(|_| same)
                }
                (_, _) => from,
            };
            Ok(Box::new(FlawedReader {
                inner: self.inner.read(partition, from.as_ref()).await?,
                flaw: self.flaw,
                source: Arc::clone(&self.inner),
                outside: Arc::clone(&self.outside),
                last: Arc::clone(&self.last),
                process: match (self.kind, self.flaw) {
                    (Nature::Push, Flaw::NumbersAnew) => 0,
                    (Nature::Push, _) => self.number,
                    _ => 0,
                },
                asked: None,
                ended: false,
            }) as Box<dyn Reader>)
        })
    }

    fn commit<'a>(&'a self, up_to: &'a [(Partition, Position)]) -> BoxFuture<'a, Result<(), ConnError>> {
        Box::pin(async move {
            let mut up_to = up_to.to_vec();
            if let Some((_, position)) = up_to.first_mut() {
                let mut committed = self.outside.committed.lock();
                if self.has(Flaw::StaleCommitFails) && committed.as_ref() == Some(position) {
                    return Err(ConnError::fatal("stale", "this is committed already"));
                }
                *committed = Some(position.clone());
                if self.has(Flaw::CommitsAll)
                    && let Some(last) = &*self.last.lock()
                {
                    *position = last.clone();
                }
            }
            if self.has(Flaw::CommitsNothing) {
                return Ok(());
            }
            self.inner.commit(&up_to).await
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), ConnError>> {
        Box::pin(async {
            if self.has(Flaw::ClosesOnce) && self.closed.fetch_add(1, Relaxed) > 0 {
                return Err(ConnError::fatal("closed", "it is closed already"));
            }
            if self.has(Flaw::CloseKeeps) {
                return Ok(());
            }
            self.inner.close().await
        })
    }
}

struct FlawedReader {
    inner: Box<dyn Reader>,
    flaw: Flaw,
    source: Arc<dyn Source>,
    outside: Arc<Outside>,
    last: Arc<Mutex<Option<Position>>>,
    /// Rows of a pipe are numbered on from process to process.
    process: u32,
    asked: Option<Instant>,
    ended: bool,
}

impl Reader for FlawedReader {
    fn next(&mut self, limit: BatchLimit) -> BoxFuture<'_, Result<Next, ConnError>> {
        Box::pin(async move {
            if *self.outside.down.lock() {
                match self.flaw {
                    Flaw::FatalWhenDown => return Err(ConnError::fatal("gone", "the connection is gone")),
                    Flaw::DownLoses => drop(self.inner.next(limit).await?),
                    _ => {}
                }
                return Err(ConnError::unavailable("down", "the outside system is away"));
            }
            if self.flaw == Flaw::PauseLoses
                && self
                    .asked
                    .is_some_and(|asked| asked.elapsed() > Duration::from_millis(100))
            {
                self.inner.next(limit).await?;
            }
            self.asked = Some(Instant::now());
            let limit = match self.flaw {
                Flaw::LimitIgnored => BatchLimit::default(),
                _ => limit,
            };
            let next = self.inner.next(limit).await?;
            if self.flaw == Flaw::CancelLoses {
                tokio::task::yield_now().await;
            }
            let Next::Block(mut block) = next else {
                if self.flaw == Flaw::NoEnd || (self.flaw == Flaw::EndComesOnce && self.ended) {
                    std::future::pending::<()>().await;
                }
                self.ended = true;
                return Ok(next);
            };
            *self.last.lock() = Some(block.after.clone());
            self.spoil(&mut block);
            if self.flaw == Flaw::AcksWhatIsRead {
                let up_to = [(Partition::new("rows"), block.after.clone())];
                self.source.commit(&up_to).await?;
            }
            Ok(Next::Block(block))
        })
    }
}

impl FlawedReader {
    fn spoil(&self, block: &mut Block) {
        let rows = block.rows.len();
        match self.flaw {
            Flaw::RowsSwapped => block.rows = block.rows.pick((0..rows).rev()),
            Flaw::RowTwice => block.rows = block.rows.pick((0..rows).chain([rows - 1])),
            Flaw::EmptyBlock => block.rows = block.rows.pick([]),
            Flaw::OneOrigin => {
                let texts: Vec<_> = block.rows.iter().map(<[u8]>::to_vec).collect();
                block.rows = RawRows::from_rows("rows", 1, Layout::Raw, texts);
            }
            Flaw::OnePosition => block.after = Position::new(b"1 row=9".as_slice()),
            _ if self.process > 0 => {
                let first = Flawed::moved(&block.after, 1 - rows as i64).show();
                let first: u64 = first["1 row=".len()..].parse().unwrap();
                let texts: Vec<_> = block.rows.iter().map(<[u8]>::to_vec).collect();
                let first = u64::from(self.process) * 1000 + first;
                block.rows = RawRows::from_rows("rows", first, Layout::Raw, texts);
            }
            _ => {}
        }
    }
}

fn report(kind: Nature, flaw: Flaw) -> Report {
    run(check_source(async || Case::new(kind, flaw)))
}

/// Each flaw breaks at least these checks.
fn check(kind: Nature, flaws: &[(Flaw, &[&str])]) {
    for (flaw, expect) in flaws {
        let report = report(kind, *flaw);
        let found = broken(&report);
        let missed: Vec<_> = expect.iter().filter(|check| !found.contains(check)).collect();
        assert!(missed.is_empty(), "{flaw:?} passes {missed:?}: {report}");
    }
}

#[test]
fn without_a_flaw_every_kind_passes() {
    for kind in [Nature::Log, Nature::Queue, Nature::Push] {
        let report = report(kind, Flaw::None);
        report.assert_passed();
        assert_eq!(report.skipped(), []);
    }
}

#[test]
fn each_flaw_of_a_log_is_found() {
    check(
        Nature::Log,
        &[
            (Flaw::FactsChange, &["open"]),
            (Flaw::PartitionsChange, &["partitions"]),
            (Flaw::RowsSwapped, &["order"]),
            (Flaw::RowTwice, &["order"]),
            (Flaw::EmptyBlock, &["order"]),
            (Flaw::LimitIgnored, &["batch_limit"]),
            (Flaw::OneOrigin, &["origins"]),
            (Flaw::OnePosition, &["positions"]),
            (Flaw::EndWithoutEnd, &["end"]),
            (Flaw::NoEnd, &["end"]),
            (Flaw::EndComesOnce, &["end"]),
            (Flaw::CancelLoses, &["cancelled_polls"]),
            (Flaw::PauseLoses, &["pause"]),
            (Flaw::AnyPosition, &["foreign_position"]),
            (Flaw::AnyPartition, &["foreign_partition"]),
            (Flaw::StaleCommitFails, &["commit_forms"]),
            (Flaw::OneReader, &["same_handle"]),
            (Flaw::ClosesOnce, &["close"]),
            (Flaw::FatalWhenDown, &["reconnect"]),
            (Flaw::DownLoses, &["reconnect"]),
            (
                Flaw::RowBehindPositionLost,
                &["seek", "redelivery", "same_handle"],
            ),
            (
                Flaw::RowBeforePositionAgain,
                &["seek", "redelivery", "same_handle"],
            ),
            (Flaw::CommitWins, &["position_wins"]),
        ],
    );
}

#[test]
fn each_flaw_of_a_queue_is_found() {
    check(
        Nature::Queue,
        &[
            (Flaw::AcksWhatIsRead, &["redelivery", "close_gives_back"]),
            (Flaw::CommitsAll, &["commit_up_to", "stale_commit"]),
            (Flaw::CommitsNothing, &["commit_up_to"]),
            (Flaw::NumbersAnew, &["stale_commit", "numbers_go_on"]),
            (Flaw::CloseKeeps, &["close_gives_back"]),
            (Flaw::RowTwice, &["order"]),
            (Flaw::FatalWhenDown, &["reconnect"]),
        ],
    );
}

#[test]
fn each_flaw_of_a_pipe_is_found() {
    check(
        Nature::Push,
        &[
            (Flaw::PositionSkips, &["numbers_go_on"]),
            (Flaw::NumbersAnew, &["numbers_go_on"]),
            (Flaw::PauseLoses, &["pause"]),
        ],
    );
}

#[test]
fn the_report_says_which_contract_is_broken_and_how() {
    let report = report(Nature::Log, Flaw::AnyPartition);
    let expect = "1 of 18 contracts broken\n\
                  foreign_partition: a partition that is not there is refused: class fatal, a code and a text\n    \
                  found: a strange partition is taken, and rows come";
    assert_eq!(report.to_string(), expect);
}
