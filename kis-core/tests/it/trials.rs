//! What a flow does to the systems around it when they fail, wait or end: sources and connectors made for the test.

use std::sync::{
    Arc, LazyLock, Mutex,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
};

use kis_core::{
    conn::{
        BatchLimit, BoxFuture, ConnError, ConnSpec, Connector, LaneContext, Layout, Nature, Next, Partition,
        Position, PositionText, Reader, Source, SourceFacts, SourceInfo, memory_source, store::Store,
    },
    connector,
    engine::{Engine, RunOptions},
    observe::Phase,
    prelude::*,
};
use tokio::sync::watch;

use crate::check::{plan, show};

type Answer<T> = std::result::Result<T, ConnError>;

/// Is not there at first, and knows whether it was written to after it was closed.
#[derive(Default)]
pub struct Door(Arc<DoorState>);

#[derive(Default)]
pub struct DoorState {
    asked: AtomicBool,
    closed: AtomicBool,
}

static LATE: AtomicBool = AtomicBool::new(false);

#[connector]
impl Connector for Door {
    const KIND: &'static str = "door";
    type Params = ();
    type Client = Arc<DoorState>;

    async fn open(_: ConnSpec<()>) -> Answer<Self> {
        Ok(Door::default())
    }

    fn client(&self, _: &LaneContext) -> Arc<DoorState> {
        Arc::clone(&self.0)
    }

    async fn restore(&self, _: Option<&[u8]>) -> Answer<()> {
        match self.0.asked.swap(true, SeqCst) {
            true => Ok(()),
            false => Err(ConnError::unavailable("asleep", "nobody is at the door yet")),
        }
    }

    async fn close(&self) -> Answer<()> {
        self.0.closed.store(true, SeqCst);
        Ok(())
    }
}

#[derive(Row)]
pub struct Guest {
    pub n: i64,
}

#[kis_function(mode = "Save", conn = "door")]
pub async fn let_in(guest: &Guest, door: &Conn<Door>) -> Result<()> {
    if guest.n == 0 {
        return Err(Error::fatal("the door is stuck"));
    }
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
    LATE.fetch_or(door.closed.load(SeqCst), SeqCst);
    Ok(())
}

/// Its first cut fails once.
#[derive(Default)]
pub struct Shaky {
    written: Arc<AtomicU64>,
    /// How much was written when the cut failed.
    failed_at: Mutex<Option<u64>>,
}

/// How much was written between the first try of a cut and the second, and how many cuts there are.
static SHAKY: LazyLock<watch::Sender<(u64, u64)>> = LazyLock::new(watch::Sender::default);

#[connector]
impl Connector for Shaky {
    const KIND: &'static str = "shaky";
    type Params = ();
    type Client = Arc<AtomicU64>;

    async fn open(_: ConnSpec<()>) -> Answer<Self> {
        Ok(Shaky::default())
    }

    fn client(&self, _: &LaneContext) -> Arc<AtomicU64> {
        Arc::clone(&self.written)
    }

    async fn cut(&self) -> Answer<Option<Vec<u8>>> {
        let now = self.written.load(SeqCst);
        let mut failed_at = self.failed_at.lock().unwrap();
        let Some(then) = *failed_at else {
            *failed_at = Some(now);
            return Err(ConnError::unavailable("shaken", "not now"));
        };
        SHAKY.send_modify(|(between, cuts)| {
            if *cuts == 0 {
                *between = now - then;
            }
            *cuts += 1;
        });
        Ok(None)
    }
}

#[kis_function(mode = "Save", conn = "shaky")]
pub fn shake(_: &Guest, shaky: &Conn<Shaky>) {
    shaky.fetch_add(1, SeqCst);
}

#[kis_function(mode = "Save", conn = "door")]
pub fn greet(_: &Rows, door: &Conn<Door>) {
    LATE.fetch_or(door.closed.load(SeqCst), SeqCst);
}

kis_core::__private::inventory::submit! {
    SourceInfo {
        kind: "trial",
        params: <() as kis_conf::Params>::SHAPE,
        facts: FACTS,
        positions: PositionText::SHOWN,
        open: |spec| Box::pin(async move {
            let source = Trial { key: spec.key.unwrap_or_default(), asked: AtomicBool::new(false) };
            Ok(Arc::new(source) as Arc<dyn Source>)
        }),
    }
}

const FACTS: SourceFacts = SourceFacts {
    nature: Nature::Log,
    replayable: true,
    bounded: true,
};

/// A source that does what its key says, and is not there at first: a number of partitions with one row each; `never`
/// there; `panics` when it is closed; `waits` behind its row until it is [`RELEASED`].
struct Trial {
    key: String,
    asked: AtomicBool,
}

static RELEASED: LazyLock<watch::Sender<bool>> = LazyLock::new(watch::Sender::default);

/// Partitions that are open, and the most that were at a time.
static OPEN: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

impl Source for Trial {
    fn facts(&self) -> SourceFacts {
        FACTS
    }

    fn partitions(&self) -> BoxFuture<'_, Answer<Vec<Partition>>> {
        Box::pin(async {
            if self.key == "never" || !self.asked.swap(true, SeqCst) {
                return Err(ConnError::unavailable("asleep", "the source sleeps"));
            }
            let count = self.key.parse().unwrap_or(1);
            Ok((100..100 + count)
                .map(|n| Partition::new(n.to_string()))
                .collect())
        })
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: Option<&'a Position>,
    ) -> BoxFuture<'a, Answer<Box<dyn Reader>>> {
        Box::pin(async move {
            MOST.fetch_max(OPEN.fetch_add(1, SeqCst) + 1, SeqCst);
            let rows = memory_source(
                partition.as_str(),
                Layout::Json,
                [format!("{{\"n\":{partition}}}")],
            );
            let reader = rows.read(partition, from).await?;
            let waits = self.key == "waits" && from.is_some();
            Ok(Box::new(TrialReader { reader, waits }) as Box<dyn Reader>)
        })
    }

    fn commit<'a>(&'a self, _: &'a [(Partition, Position)]) -> BoxFuture<'a, Answer<()>> {
        Box::pin(async { Ok(()) })
    }

    fn close(&self) -> BoxFuture<'_, Answer<()>> {
        assert!(self.key != "panics", "the source falls over");
        Box::pin(async { Ok(()) })
    }
}

struct TrialReader {
    reader: Box<dyn Reader>,
    waits: bool,
}

impl Reader for TrialReader {
    fn next(&mut self, limit: BatchLimit) -> BoxFuture<'_, Answer<Next>> {
        Box::pin(async move {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            if self.waits {
                let _ = RELEASED.subscribe().wait_for(|released| *released).await;
            }
            self.reader.next(limit).await
        })
    }
}

impl Drop for TrialReader {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, SeqCst);
    }
}

/// Runs `yaml` in two lanes, with `meanwhile` beside the flows, and says how they ended.
fn run(yaml: &str, store: &Store, meanwhile: impl AsyncFnOnce(&Engine), after: impl AsyncFnOnce()) -> String {
    let plan = plan(yaml, 2);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut engine = Engine::start(&plan, RunOptions::new(store.clone()))
            .await
            .unwrap();
        meanwhile(&engine).await;
        let summary = engine.wait().await;
        after().await;
        show(&summary)
    })
}

fn trial(flow: &str, key: &str) -> String {
    format!(
        "kistype: source\nsname: {flow}_rows\ntype: trial\nkey: \"{key}\"\nflow: {flow}\n---\nkistype: flow\nstatus: 1\nflow_name: {flow}\nflows:\n  - fname: greet\n    cname: door_of_{flow}\n---\nkistype: conn\ncname: door_of_{flow}\ntype: door\n"
    )
}

#[test]
fn no_lane_writes_to_what_is_closed() {
    let rows: String = (0..5000).map(|n| format!("    - {{ n: {n} }}\n")).collect();
    let yaml = format!(
        "kistype: conn\ncname: door\ntype: door\n---\nkistype: source\nsname: guests\ntype: memory\nflow: guests\norder: {{ by: n }}\nbatch: {{ rows: 1 }}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: guests\nflows:\n  - fname: let_in\n"
    );
    let text = run(
        &yaml,
        &Store::in_memory(),
        async |_| {},
        async || {
            for _ in 0..10_000 {
                tokio::task::yield_now().await;
            }
        },
    );
    assert!(text.contains("the door is stuck"), "{text}");
    assert!(!LATE.load(SeqCst), "a lane wrote after the connector was closed");
}

#[test]
fn partitions_that_end_are_opened_a_few_at_a_time() {
    let text = run(
        &trial("many", "60"),
        &Store::in_memory(),
        async |_| {},
        async || {},
    );
    assert_eq!(text, "many: ended, in 60, out 60, dropped 0, dead 0\n");
    // Two lanes, two workers and one more; the other tests have one partition open each.
    let most = MOST.load(SeqCst);
    assert!((2..=3 + 4).contains(&most), "{most} were open at a time");
}

#[test]
fn a_flow_that_waits_for_its_source_can_be_drained() {
    let then = "---\nkistype: source\nsname: more\ntype: memory\nflow: then\nparams: { rows: [ { n: 7 } ] }\n---\nkistype: flow\nstatus: 1\nflow_name: then\nafter: [first]\nflows:\n  - fname: greet\n    cname: door\n---\nkistype: conn\ncname: door\ntype: door\n";
    let yaml = trial("first", "never") + then;
    let text = run(
        &yaml,
        &Store::in_memory(),
        async |engine| engine.drain(),
        async || {},
    );
    assert_eq!(
        text,
        "first: drained, in 0, out 0, dropped 0, dead 0\nthen: drained, in 0, out 0, dropped 0, dead 0\n"
    );
}

#[test]
fn a_flow_whose_task_panics_has_failed_for_that_reason() {
    let text = run(
        &trial("broken", "panics"),
        &Store::in_memory(),
        async |_| {},
        async || {},
    );
    assert_eq!(
        text,
        "broken: failed: bug in kis: the task of a flow panicked; please report it (bug), in 1, out 1, dropped 0, dead 0\n"
    );
}

#[test]
fn readers_wait_for_a_cut_and_what_has_ended_stays_so_without_rows() {
    let store = Store::in_memory();
    let ended = trial("ended", "waits");
    let first = run(&ended, &store, async |_| {}, async || {});
    assert_eq!(first, "ended: ended, in 1, out 1, dropped 0, dead 0\n");
    let endless = "---\nkistype: global\ncheckpoint: { every: 10ms }\n---\nkistype: conn\ncname: shaky\ntype: shaky\n---\nkistype: source\nsname: endless\ntype: generate\nflow: endless\nbatch: { rows: 1 }\nparams: { rows: 1000000000, fields: { n: sequence } }\n---\nkistype: flow\nstatus: 1\nflow_name: endless\nflows:\n  - fname: shake\n";
    let yaml = ended.clone() + endless;
    let second = run(
        &yaml,
        &store,
        async |engine| {
            // That cuts follow says that the readers went on; five pass while the other flow runs without rows.
            let mut running_since = None;
            let five_later = |&(_, cuts): &(u64, u64)| match running_since {
                None => {
                    running_since = (engine.counters()[0].phase() == Phase::Running).then_some(cuts);
                    false
                }
                Some(since) => cuts >= since + 5,
            };
            let _ = SHAKY.subscribe().wait_for(five_later).await;
            engine.drain();
        },
        async || {},
    );
    assert!(second.contains("ended: drained, in 0"), "{second}");
    let between = SHAKY.borrow().0;
    assert!(
        between < 100,
        "{between} rows were read while a cut could not be made"
    );
    RELEASED.send_replace(true);
    let third = run(&ended, &store, async |_| {}, async || {});
    assert_eq!(third, "ended: nothing new, in 0, out 0, dropped 0, dead 0\n");
}
