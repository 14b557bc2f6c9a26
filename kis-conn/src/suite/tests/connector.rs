//! Connectors with a flaw: one that makes every claim and one that makes none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;

use super::broken;
use crate::suite::cases::run;
use crate::suite::{ConnectorUnderTest, Report, check_connector};
use crate::{ConnError, ConnSpec, Connector, ErrorClass, LaneContext, LaneCut, LaneLog, RowError, Store};

/// What is wrong with a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    ClosesOnce,
    RowTwice,
    OtherOrder,
    WrongClass,
    WrongRow,
    RestLost,
    HalfABatchStays,
    TwoFlows,
    FatalWhenDown,
    DownLoses,
    LostWithTheProcess,
    NoRollback,
    RollbackOfAll,
    NoMarker,
    OneLogPerNumber,
    NothingTakenBack,
    AllTakenBack,
    FirstStartTakesNothingBack,
    CutAgainDoubles,
    AnyNote,
}

const BAD: &str = "bad";

/// What outlives a process.
#[derive(Default)]
struct World {
    rows: Vec<String>,
    down: bool,
}

type Shared = Arc<Mutex<World>>;

fn refused() -> RowError {
    RowError {
        class: ErrorClass::Reject,
        code: "bad".into(),
        message: "a bad row".to_owned(),
    }
}

fn check_up(world: &World, flaw: Flaw) -> Result<(), ConnError> {
    match (world.down, flaw) {
        (true, Flaw::FatalWhenDown) => Err(ConnError::fatal("gone", "the connection is gone")),
        (true, _) => Err(ConnError::unavailable("down", "the outside system is away")),
        (false, _) => Ok(()),
    }
}

/// Rows wait in their lane for the cut.
struct Careful {
    world: Shared,
    flaw: Flaw,
    lanes: Mutex<Vec<Arc<Lane>>>,
    flow: Mutex<Option<String>>,
    closed: AtomicU32,
}

struct Lane {
    id: u64,
    world: Shared,
    flaw: Flaw,
    foreign: bool,
    pending: Mutex<Vec<String>>,
    frozen: Mutex<Vec<String>>,
}

impl LaneLog for Lane {
    fn mark(&self) -> u64 {
        self.pending.lock().len() as u64
    }

    fn rollback(&self, mark: u64) {
        match self.flaw {
            Flaw::NoRollback => {}
            Flaw::RollbackOfAll => self.pending.lock().clear(),
            _ => self.pending.lock().truncate(mark as usize),
        }
    }

    fn release(&self, _: u64) {}

    fn freeze(&self, _: &mut LaneCut) {
        if self.flaw == Flaw::CutAgainDoubles {
            self.frozen.lock().clear();
        }
        self.frozen.lock().append(&mut self.pending.lock());
    }
}

impl Connector for Careful {
    const KIND: &'static str = "careful";
    const ATOMIC_BATCH: bool = true;
    const CUTS: bool = true;
    const ONE_FLOW: bool = true;
    type Params = ();
    type Client = Arc<Lane>;

    async fn open(_: ConnSpec<()>) -> Result<Self, ConnError> {
        unreachable!("the case makes it")
    }

    fn client(&self, context: &LaneContext) -> Arc<Lane> {
        let mut flow = self.flow.lock();
        let first = flow.get_or_insert_with(|| context.flow().to_owned());
        let id = match self.flaw {
            Flaw::OneLogPerNumber => u64::from(context.lane()),
            _ => context.id(),
        };
        let mut lanes = self.lanes.lock();
        let known = lanes.iter().find(|lane| lane.id == id).map(Arc::clone);
        let lane = known.unwrap_or_else(|| {
            let lane = Arc::new(Lane {
                id,
                world: Arc::clone(&self.world),
                flaw: self.flaw,
                foreign: first != context.flow() && self.flaw != Flaw::TwoFlows,
                pending: Mutex::default(),
                frozen: Mutex::default(),
            });
            lanes.push(Arc::clone(&lane));
            lane
        });
        context.enlist(Arc::clone(&lane) as Arc<dyn LaneLog>);
        lane
    }

    async fn ping(&self) -> Result<(), ConnError> {
        check_up(&self.world.lock(), self.flaw)
    }

    async fn cut(&self) -> Result<Option<Vec<u8>>, ConnError> {
        let mut world = self.world.lock();
        for lane in self.lanes.lock().iter() {
            let mut frozen = lane.frozen.lock();
            if world.down && self.flaw == Flaw::DownLoses {
                frozen.clear();
            }
            check_up(&world, self.flaw)?;
            let mut rows = frozen.clone();
            if self.flaw == Flaw::OtherOrder {
                rows.reverse();
            }
            world.rows.extend(rows);
            if self.flaw == Flaw::RowTwice {
                let last = frozen.last().cloned();
                world.rows.extend(last);
            }
            if self.flaw == Flaw::NoMarker {
                world.rows.append(&mut lane.pending.lock());
            }
            if self.flaw != Flaw::CutAgainDoubles {
                frozen.clear();
            }
        }
        Ok(Some(format!("len={}", world.rows.len()).into_bytes()))
    }

    async fn restore(&self, note: Option<&[u8]>) -> Result<(), ConnError> {
        let text = note.map(String::from_utf8_lossy);
        let len = match &text {
            None => Some(0),
            Some(text) => text.strip_prefix("len=").and_then(|len| len.parse().ok()),
        };
        let mut world = self.world.lock();
        let all = world.rows.len();
        let len = match (self.flaw, len) {
            (Flaw::NothingTakenBack, _) => all,
            (Flaw::AllTakenBack, _) => 0,
            (Flaw::FirstStartTakesNothingBack, _) if note.is_none() => all,
            (Flaw::AnyNote, None) => 0,
            (_, Some(len)) => len,
            (_, None) => return Err(ConnError::fatal("bad_note", "not a note of this connector")),
        };
        world.rows.truncate(len);
        Ok(())
    }

    async fn close(&self) -> Result<(), ConnError> {
        match self.closed.fetch_add(1, Relaxed) > 0 && self.flaw == Flaw::ClosesOnce {
            true => Err(ConnError::fatal("closed", "it is closed already")),
            false => Ok(()),
        }
    }
}

impl Lane {
    fn write(&self, rows: &[&str]) -> Result<(), ConnError> {
        if self.foreign {
            return Err(ConnError::fatal("two_flows", "it belongs to another flow"));
        }
        if let Some(at) = rows.iter().position(|row| *row == BAD) {
            let class = match self.flaw {
                Flaw::WrongClass => ErrorClass::Retry,
                _ => ErrorClass::Reject,
            };
            if self.flaw == Flaw::HalfABatchStays {
                let good = rows[..at].iter().map(|row| (*row).to_owned());
                self.world.lock().rows.extend(good);
            }
            return Err(ConnError::new(class, "bad", "a bad row"));
        }
        let rows = rows.iter().map(|row| (*row).to_owned());
        self.pending.lock().extend(rows);
        Ok(())
    }
}

/// Rows are outside when the call is done.
struct Direct {
    world: Shared,
    flaw: Flaw,
    buffer: Arc<Mutex<Vec<String>>>,
}

struct DirectClient {
    world: Shared,
    flaw: Flaw,
    buffer: Arc<Mutex<Vec<String>>>,
}

impl Connector for Direct {
    const KIND: &'static str = "direct";
    type Params = ();
    type Client = DirectClient;

    async fn open(_: ConnSpec<()>) -> Result<Self, ConnError> {
        unreachable!("the case makes it")
    }

    fn client(&self, _: &LaneContext) -> DirectClient {
        DirectClient {
            world: Arc::clone(&self.world),
            flaw: self.flaw,
            buffer: Arc::clone(&self.buffer),
        }
    }

    async fn ping(&self) -> Result<(), ConnError> {
        check_up(&self.world.lock(), self.flaw)
    }
}

impl DirectClient {
    fn write(&self, rows: &[&str]) -> Result<(), ConnError> {
        let mut world = self.world.lock();
        if world.down && self.flaw == Flaw::DownLoses {
            return Ok(());
        }
        check_up(&world, self.flaw)?;
        let mut bad = Vec::new();
        for (i, row) in rows.iter().enumerate() {
            if *row == BAD {
                let at = if self.flaw == Flaw::WrongRow { i + 1 } else { i };
                bad.push((at, refused()));
            } else if self.flaw == Flaw::RestLost && !bad.is_empty() {
                continue;
            } else if self.flaw == Flaw::LostWithTheProcess {
                self.buffer.lock().push((*row).to_owned());
            } else {
                world.rows.push((*row).to_owned());
            }
        }
        match bad.is_empty() {
            true => Ok(()),
            false => Err(ConnError::of_rows(bad)),
        }
    }
}

/// The outside system of a connector with a flaw.
struct Case {
    world: Shared,
    flaw: Flaw,
}

struct CarefulCase(Case);
struct DirectCase(Case);

impl Case {
    fn new(flaw: Flaw) -> Case {
        Case {
            world: Shared::default(),
            flaw,
        }
    }
}

impl ConnectorUnderTest for CarefulCase {
    type Connector = Careful;

    async fn open(&self, _: &str, _: &Store) -> Result<Arc<Careful>, ConnError> {
        Ok(Arc::new(Careful {
            world: Arc::clone(&self.0.world),
            flaw: self.0.flaw,
            lanes: Mutex::default(),
            flow: Mutex::default(),
            closed: AtomicU32::new(0),
        }))
    }

    async fn write(&self, lane: &Arc<Lane>, rows: &[&str]) -> Result<(), ConnError> {
        lane.write(rows)
    }

    async fn rows(&self, _: &Careful) -> Result<Vec<String>, ConnError> {
        Ok(self.0.world.lock().rows.clone())
    }

    fn refused(&self) -> Option<&str> {
        Some(BAD)
    }

    async fn set_down(&self, down: bool) -> bool {
        self.0.world.lock().down = down;
        true
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(200)
    }
}

impl ConnectorUnderTest for DirectCase {
    type Connector = Direct;

    async fn open(&self, _: &str, _: &Store) -> Result<Arc<Direct>, ConnError> {
        Ok(Arc::new(Direct {
            world: Arc::clone(&self.0.world),
            flaw: self.0.flaw,
            buffer: Arc::default(),
        }))
    }

    async fn write(&self, client: &DirectClient, rows: &[&str]) -> Result<(), ConnError> {
        client.write(rows)
    }

    async fn rows(&self, direct: &Direct) -> Result<Vec<String>, ConnError> {
        let buffered = direct.buffer.lock().clone();
        Ok([self.0.world.lock().rows.clone(), buffered].concat())
    }

    fn refused(&self) -> Option<&str> {
        Some(BAD)
    }

    async fn set_down(&self, down: bool) -> bool {
        self.0.world.lock().down = down;
        true
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(200)
    }
}

fn careful(flaw: Flaw) -> Report {
    run(check_connector(async |_: &Store| CarefulCase(Case::new(flaw))))
}

fn direct(flaw: Flaw) -> Report {
    run(check_connector(async |_: &Store| DirectCase(Case::new(flaw))))
}

/// Each flaw breaks at least these checks.
fn check(report: fn(Flaw) -> Report, flaws: &[(Flaw, &[&str])]) {
    for (flaw, expect) in flaws {
        let report = report(*flaw);
        let found = broken(&report);
        let missed: Vec<_> = expect.iter().filter(|check| !found.contains(check)).collect();
        assert!(missed.is_empty(), "{flaw:?} passes {missed:?}: {report}");
    }
}

#[test]
fn without_a_flaw_both_pass() {
    for report in [careful(Flaw::None), direct(Flaw::None)] {
        report.assert_passed();
        assert_eq!(report.skipped(), []);
    }
}

#[test]
fn each_flaw_of_a_connector_that_claims_all_is_found() {
    check(
        careful,
        &[
            (Flaw::ClosesOnce, &["open"]),
            (Flaw::RowTwice, &["lanes"]),
            (Flaw::OtherOrder, &["lanes"]),
            (Flaw::WrongClass, &["error_class"]),
            (Flaw::HalfABatchStays, &["atomic_batch"]),
            (Flaw::TwoFlows, &["one_flow"]),
            (Flaw::FatalWhenDown, &["reconnect"]),
            (Flaw::DownLoses, &["reconnect"]),
            (Flaw::NoRollback, &["rollback", "nested_calls"]),
            (Flaw::RollbackOfAll, &["rollback", "nested_calls"]),
            (Flaw::NoMarker, &["marker"]),
            (Flaw::OneLogPerNumber, &["forks"]),
            (
                Flaw::NothingTakenBack,
                &["crash_before_cut", "foreign_note", "fresh"],
            ),
            (Flaw::AllTakenBack, &["crash"]),
            (Flaw::FirstStartTakesNothingBack, &["crash_before_cut", "fresh"]),
            (Flaw::CutAgainDoubles, &["cut_again"]),
            (Flaw::AnyNote, &["foreign_note"]),
        ],
    );
}

#[test]
fn each_flaw_of_a_connector_that_claims_nothing_is_found() {
    check(
        direct,
        &[
            (Flaw::WrongRow, &["failed_row"]),
            (Flaw::RestLost, &["failed_row"]),
            (Flaw::FatalWhenDown, &["reconnect"]),
            (Flaw::DownLoses, &["reconnect"]),
            (Flaw::LostWithTheProcess, &["kept"]),
        ],
    );
}
