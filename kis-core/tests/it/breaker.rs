//! A connector that goes away under load: all flows and lanes wait for it, one of them asks, and no row is lost to it.

use std::sync::{
    Arc, LazyLock, Mutex,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use kis_core::{
    conn::{ConnError, ConnSpec, Connector, LaneContext, store::Store},
    connector,
    engine::{Engine, RunOptions},
    observe::HeldBy,
    prelude::*,
};
use tokio::sync::watch;

use crate::check::{plan, show};

/// What happens to the systems of this file, by the connector's name.
static SYSTEMS: LazyLock<Mutex<Systems>> = LazyLock::new(Mutex::default);

type Systems = Vec<(String, Arc<System>)>;

#[derive(Default)]
pub struct System {
    /// Calls until it is there.
    away: AtomicU32,
    /// Pings until it says that it is there.
    deaf: AtomicU32,
    calls: AtomicU32,
    pings: AtomicU32,
    saved: AtomicU32,
    asked: watch::Sender<u32>,
}

fn system(name: &str) -> Arc<System> {
    let mut all = SYSTEMS.lock().unwrap();
    if let Some((_, known)) = all.iter().find(|(of, _)| of == name) {
        return Arc::clone(known);
    }
    let new = Arc::<System>::default();
    all.push((name.to_owned(), Arc::clone(&new)));
    new
}

fn one_less(count: &AtomicU32) -> bool {
    count.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1)).is_ok()
}

pub struct Shop(Arc<System>);

#[connector]
impl Connector for Shop {
    const KIND: &'static str = "shop";
    type Params = ();
    type Client = Arc<System>;

    async fn open(spec: ConnSpec<()>) -> std::result::Result<Self, ConnError> {
        let system = system(&spec.name);
        if spec.name == "closed" {
            system.asked.send_modify(|asked| *asked += 1);
            return Err(ConnError::unavailable("closed", "nobody opens"));
        }
        Ok(Shop(system))
    }

    fn client(&self, _: &LaneContext) -> Arc<System> {
        Arc::clone(&self.0)
    }

    async fn ping(&self) -> std::result::Result<(), ConnError> {
        self.0.pings.fetch_add(1, SeqCst);
        self.0.asked.send_modify(|asked| *asked += 1);
        match one_less(&self.0.deaf) {
            true => Err(ConnError::unavailable("deaf", "no answer")),
            false => Ok(()),
        }
    }
}

#[derive(Row)]
pub struct Sale {
    pub n: i64,
}

#[kis_function(mode = "Save", conn = "shop")]
pub fn sell(sales: &[Sale], shop: &Conn<Shop>) -> Result<()> {
    shop.calls.fetch_add(1, SeqCst);
    if one_less(&shop.away) {
        return Err(Error::unavailable("the shop is closed"));
    }
    shop.saved.fetch_add(sales.len() as u32, SeqCst);
    Ok(())
}

/// Fails row by row, and without a connector of its own.
#[kis_function(mode = "Expand")]
pub fn call_up(sale: &Sale) -> Result<()> {
    let phone = system("phone");
    match sale.n == 3 && one_less(&phone.away) {
        true => Err(Error::unavailable("the line is busy")),
        false => {
            phone.saved.fetch_add(1, SeqCst);
            Ok(())
        }
    }
}

fn flow(name: &str, step: &str, conn: &str) -> String {
    let rows: String = (0..40).map(|n| format!("    - {{ n: {n} }}\n")).collect();
    let cname = match conn {
        "" => String::new(),
        conn => format!("    cname: {conn}\n"),
    };
    format!(
        "---\nkistype: source\nsname: rows_of_{name}\ntype: memory\nflow: {name}\norder: {{ by: n }}\nbatch: {{ rows: 10 }}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: {name}\nflows:\n  - fname: {step}\n{cname}"
    )
}

fn shop(name: &str) -> String {
    format!("---\nkistype: conn\ncname: {name}\ntype: shop\n")
}

/// Runs `yaml` in four lanes on a clock that jumps over every wait.
fn run(yaml: &str, meanwhile: impl AsyncFnOnce(&Engine)) -> (String, Vec<u64>, Store) {
    let (plan, store) = (plan(yaml, 4), Store::in_memory());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut engine = Engine::start(&plan, RunOptions::new(store.clone()))
            .await
            .unwrap();
        meanwhile(&engine).await;
        let summary = engine.wait().await;
        let opened = summary.flows.iter().flat_map(|flow| flow.counters.holds.all());
        let opened = opened.filter(|hold| hold.by == HeldBy::Conn);
        let opened = opened.map(|hold| hold.times.get()).collect();
        (show(&summary), opened, store)
    })
}

/// A connector that is away for so many calls and so many pings: how often it was called and pinged until all 80 rows
/// of two flows in four lanes each were saved.
fn away(conn: &str, calls: u32, pings: u32) -> (u32, u32) {
    let system = system(conn);
    system.away.store(calls, SeqCst);
    system.deaf.store(pings, SeqCst);
    let yaml = shop(conn) + &flow("north", "sell", conn) + &flow("south", "sell", conn);
    let (text, opened, store) = run(&yaml, async |_| {});
    assert_eq!(
        text,
        "north: ended, in 40, out 40, dropped 0, dead 0\nsouth: ended, in 40, out 40, dropped 0, dead 0\n"
    );
    assert_eq!(system.saved.load(SeqCst), 80);
    assert_eq!(opened, [1, 1], "the flows share the breaker, and it opens once");
    assert!(store.letters("north").unwrap().is_empty());
    (system.calls.load(SeqCst), system.pings.load(SeqCst))
}

/// Each flow deals its 40 rows to four lanes; so many calls it takes when nothing is away.
fn undisturbed() -> u32 {
    let yaml = shop("open") + &flow("north", "sell", "open") + &flow("south", "sell", "open");
    run(&yaml, async |_| {});
    system("open").calls.load(SeqCst)
}

#[test]
fn while_a_connector_is_away_it_is_asked_by_one_alone() {
    let calls = undisturbed();
    assert_eq!(
        away("pinged", 1, 5),
        (calls + 1, 6),
        "it says itself when it is there"
    );
    assert_eq!(
        away("tried", 4, 0),
        (calls + 4, 4),
        "it says that it is there, and is not"
    );
}

#[test]
fn a_step_without_a_connector_has_a_breaker_of_its_own() {
    system("phone").away.store(3, SeqCst);
    let (text, opened, _) = run(&flow("calls", "call_up", ""), async |_| {});
    assert_eq!(text, "calls: ended, in 40, out 40, dropped 0, dead 0\n");
    assert_eq!(system("phone").saved.load(SeqCst), 40);
    // A row of another lane may be answered meanwhile; then it is found anew.
    assert!(matches!(opened[..], [1..=3]), "{opened:?}");
}

#[test]
fn a_drain_does_not_wait_for_what_is_away() {
    let gone = system("gone");
    gone.away.store(u32::MAX, SeqCst);
    gone.deaf.store(u32::MAX, SeqCst);
    let yaml = shop("gone") + &flow("waits", "sell", "gone");
    let (text, _, store) = run(&yaml, async |engine| {
        let _ = gone.asked.subscribe().wait_for(|asked| *asked > 20).await;
        let hold = &engine.counters()[0].holds.now()[0];
        let shown = hold.show().unwrap();
        assert!(shown.starts_with("waits for connector gone since 2"), "{shown}");
        assert!(shown.ends_with("Z: no answer"), "{shown}");
        engine.drain();
    });
    assert_eq!(text, "waits: drained, in 40, out 0, dropped 0, dead 0\n");
    assert!(store.positions("waits").unwrap().is_empty());
    assert_eq!(gone.calls.load(SeqCst), 1);
}

#[test]
fn a_connector_that_does_not_open_is_seen_before_the_start() {
    let plan = plan(&(shop("closed") + &flow("later", "sell", "closed")), 1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let counters = RunOptions::count(&plan);
        let mut options = RunOptions::new(Store::in_memory());
        options.counters = counters.clone();
        let mut asked = system("closed").asked.subscribe();
        tokio::select! {
            _ = Engine::start(&plan, options) => unreachable!("it never opens"),
            _ = asked.wait_for(|asked| *asked > 3) => {}
        }
        let shown = counters[0].holds.now()[0].show().unwrap();
        assert!(shown.starts_with("waits for connector closed since 2"), "{shown}");
    });
}
