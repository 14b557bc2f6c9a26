//! The budget of failed rows: a wide fault pauses the flow instead of flooding the dead letters.

use std::sync::{
    LazyLock, Mutex,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use kis_core::{
    conn::{Table, store::Store},
    engine::{Engine, RunOptions, Summary},
    observe::Phase,
    prelude::*,
};
use tokio::sync::watch;

use crate::check::{letters, plan, show, table};

#[derive(Row, Clone)]
pub struct Paper {
    pub n: i64,
    pub who: i64,
}

/// How often the printer jams, by flow, and how often it was asked while it was jammed.
static JAMS: LazyLock<Mutex<Vec<(String, u32)>>> = LazyLock::new(Mutex::default);
static JAMMED: LazyLock<watch::Sender<u32>> = LazyLock::new(watch::Sender::default);

/// Refuses everything while it is jammed.
#[kis_function(mode = "Save", conn = "papers")]
pub fn print_papers(papers: &[Paper], table: &Conn<Table>, cx: &Ctx) -> Result<()> {
    let mut jams = JAMS.lock().unwrap();
    let jammed = jams
        .iter_mut()
        .find(|(flow, jams)| *flow == cx.flow() && *jams > 0);
    if let Some((_, jams)) = jammed {
        *jams -= 1;
        JAMMED.send_modify(|jammed| *jammed += 1);
        return Err(Error::reject("the printer is jammed"));
    }
    for paper in papers {
        table.put(paper.n, paper)?;
    }
    Ok(())
}

/// Refuses three of five for good.
#[kis_function(mode = "Verify")]
pub fn three_of_five_are_bad(paper: &Paper) -> Result<()> {
    match paper.n % 5 < 3 {
        true => Err(Error::reject("bad paper")),
        false => Ok(()),
    }
}

static BAD: AtomicU32 = AtomicU32::new(0);

/// Refuses three of five for good, and counts how often it is asked.
#[kis_function(mode = "Expand")]
pub fn counts_the_bad(paper: &Paper) -> Result<()> {
    BAD.fetch_add(1, SeqCst);
    three_of_five_are_bad(paper)
}

fn yaml(name: &str, rows: i64, order: &str, on_error: &str, step: &str) -> String {
    let rows: String = (0..rows)
        .map(|n| format!("    - {{ n: {n}, who: {} }}\n", n % 10))
        .collect();
    format!(
        "kistype: source\nsname: rows_of_{name}\ntype: memory\nflow: {name}\norder: {order}\nbatch: {{ rows: 50 }}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: {name}\non_error: {{ {on_error} }}\nflows:\n  - fname: {step}\n"
    )
}

/// Runs `yaml` on a clock that jumps over every wait.
fn run(yaml: &str, store: &Store, meanwhile: impl AsyncFnOnce(&Engine)) -> Summary {
    let plan = plan(yaml, 2);
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
        engine.wait().await
    })
}

/// A printer that refuses `jams` calls and then works: what becomes of 400 papers.
fn jammed(name: &str, jams: u32, order: &str) -> (String, usize, String) {
    JAMS.lock().unwrap().push((name.to_owned(), jams));
    let store = Store::in_memory();
    let summary = run(&yaml(name, 400, order, "", "print_papers"), &store, async |_| {});
    let saved = table(&store, "papers").lines().count();
    (show(&summary), saved, letters(&store, name))
}

#[test]
fn a_wide_fault_pauses_the_flow_until_it_is_mended() {
    for (name, order) in [
        ("by_key", "{ by: who }"),
        ("by_partition", "partition"),
        ("in_any_order", "none"),
    ] {
        let (text, saved, letters) = jammed(name, 600, order);
        // The rows of the first batches are letters, since too few had failed to judge; none of those behind is.
        let dead = letters.lines().count();
        assert_eq!(
            text,
            format!(
                "{name}: ended, in 400, out {}, dropped 0, dead {dead}\n",
                400 - dead
            )
        );
        assert_eq!(saved, 400 - dead);
        assert!(dead < 100, "{name}: {dead} dead letters");
    }
}

#[test]
fn a_few_bad_rows_of_a_few_say_nothing() {
    let store = Store::in_memory();
    let summary = run(
        &yaml("few", 99, "none", "", "three_of_five_are_bad"),
        &store,
        async |_| {},
    );
    let expect = ["few: ended", "in 99, out 39, dropped 0, dead 60\n"].join(", ");
    assert_eq!(show(&summary), expect);
}

#[test]
fn without_a_budget_bad_rows_are_letters_however_many() {
    let store = Store::in_memory();
    let yaml = yaml("all", 1_000, "none", "budget: none", "three_of_five_are_bad");
    let text = show(&run(&yaml, &store, async |_| {}));
    assert!(text.contains("in 1000, out 400, dropped 0, dead 600"), "{text}");
}

#[test]
fn a_budget_may_stop_the_flow() {
    let store = Store::in_memory();
    let yaml = yaml(
        "stops",
        200,
        "none",
        "budget: { then: stop }",
        "three_of_five_are_bad",
    );
    let text = show(&run(&yaml, &store, async |_| {}));
    let expect =
        "rows failed within 60s, and error_ratio allows 0.5; the last one: bad paper (reject) (budget), in ";
    assert!(
        text.contains("failed: step three_of_five_are_bad: ") && text.contains(expect),
        "{text}"
    );
    assert!(store.positions("stops").unwrap().is_empty());
}

/// Rows that are bad for good: the flow stays paused and says so, and a drain ends it. The readers wait too.
#[test]
fn a_flow_whose_rows_are_bad_for_good_stays_paused() {
    let store = Store::in_memory();
    let yaml = yaml("paused", 5_000, "none", "", "counts_the_bad");
    let summary = run(&yaml, &store, async |engine| {
        let counters = &engine.counters()[0];
        let mut last = 0;
        // Some tries later nothing has moved.
        while counters.phase() != Phase::Paused || BAD.load(SeqCst) < last + 300 {
            if counters.phase() != Phase::Paused {
                last = BAD.load(SeqCst);
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        let hold = counters.holds.now()[0].show().unwrap();
        assert!(
            hold.starts_with("is paused (budget) at step counts_the_bad since 2"),
            "{hold}"
        );
        assert!(counters.received_rows.get() < 2_000);
        engine.drain();
    });
    let counters = &summary.flows[0].counters;
    assert!(counters.dead.get() < 100, "{}", counters.dead.get());
}

/// Rows that cannot be read cannot be tried again: the next batch has to tell, and so the flow gets through.
#[test]
fn rows_that_cannot_be_read_slow_the_flow_down() {
    let rows: String = (0..400).map(|n| format!("    - {{ n: bad{n} }}\n")).collect();
    let yaml = format!(
        "kistype: source\nsname: rows\ntype: memory\nflow: unreadable\nbatch: {{ rows: 50 }}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: unreadable\nflows:\n  - fname: print_papers\n"
    );
    let summary = run(&yaml, &Store::in_memory(), async |_| {});
    let text = show(&summary);
    assert!(text.contains("in 400, out 0, dropped 0, dead 400"), "{text}");
    let holds = summary.flows[0].counters.holds.all();
    assert!(
        holds.iter().any(|hold| hold.times.get() > 1),
        "it paused more than once"
    );
}
