//! Rows that wait for a retry: only their keys wait with them, and nothing is lost or out of order.

use std::{
    collections::HashMap,
    sync::Mutex,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
};

use insta::assert_snapshot;
use kis_core::{
    conn::{Table, store::Store},
    engine::{Engine, RunOptions},
    prelude::*,
};

use crate::check::{letters, plan, problems, run, same_in_any_lanes, show, table};

#[derive(Row, Clone)]
pub struct Knock {
    pub key: String,
    pub n: i64,
    /// How often a call fails for this row before it works.
    pub fails: i64,
    /// The only step that fails; all where it is not said.
    #[serde(default)]
    pub only: Option<String>,
    #[serde(default)]
    pub share: Option<f64>,
}

#[derive(Row, Clone)]
pub struct Trace {
    pub key: String,
    pub seen: String,
}

#[derive(Clone, Default, State)]
#[state(ttl = "1d")]
pub struct Seen {
    list: String,
}

/// How often a row was tried, by step, key and number.
type Tries = HashMap<(String, String, i64), i64>;

static TRIES: Mutex<Option<Tries>> = Mutex::new(None);

/// Whether this call for the row has to fail; after the last failure the counting begins anew.
fn fails(step: &str, visit: &Knock) -> Result<()> {
    let mut tries = TRIES.lock().unwrap();
    let tries = tries.get_or_insert_default();
    let count = tries
        .entry((step.to_owned(), visit.key.clone(), visit.n))
        .or_default();
    let here = visit.only.as_deref().is_none_or(|only| only == step);
    if *count < visit.fails && here {
        *count += 1;
        return Err(Error::retry(format!("row {} is not ready", visit.n)));
    }
    *count = 0;
    Ok(())
}

/// Fails for a row as often as the row says.
#[kis_function(mode = "Verify")]
pub fn visit_ready(visit: &Knock) -> Result<()> {
    fails("ready", visit)
}

/// The same, with state; rows of a key come here in their order, and one that failed has left nothing behind.
#[kis_function(mode = "Verify")]
pub fn visit_counts(visit: Knock, seen: &mut Seen) -> Result<Knock> {
    let last = seen.list.parse().unwrap_or(-1);
    if visit.n <= last {
        return Err(Error::fatal(format!("row {} comes behind row {last}", visit.n)));
    }
    seen.list = visit.n.to_string();
    fails("counts", &visit).map(|()| visit)
}

/// The same, awaited.
#[kis_function(mode = "Load", conn = "traces")]
pub async fn visit_loads(visit: Knock, table: &Conn<Table>) -> Result<Knock> {
    let _ = table;
    fails("loads", &visit).map(|()| visit)
}

/// The same, awaited, with calls that overlap.
#[kis_function(mode = "Load", conn = "traces", concurrent = 8)]
pub async fn visit_overlaps(visit: Knock, table: &Conn<Table>) -> Result<Knock> {
    let _ = table;
    fails("overlaps", &visit).map(|()| visit)
}

/// The same for a batch, which names the rows.
#[kis_function(mode = "Calculate")]
pub fn visit_batch_names(visits: &[Knock]) -> Result<Vec<Knock>> {
    let bad: Vec<_> = visits
        .iter()
        .enumerate()
        .filter_map(|(i, visit)| Some((i, fails("names", visit).err()?)))
        .collect();
    if bad.is_empty() {
        Ok(visits.to_vec())
    } else {
        Err(Error::rows(bad))
    }
}

/// The same for a batch that fails as a whole.
#[kis_function(mode = "Calculate")]
pub fn visit_batch(visits: &[Knock]) -> Result<Vec<Knock>> {
    let failed: Vec<_> = visits.iter().map(|visit| fails("batch", visit)).collect();
    failed
        .into_iter()
        .collect::<Result<Vec<()>>>()
        .map(|_| visits.to_vec())
}

/// Two rows of each, the later ones first; each knows which it was made from.
#[kis_function(mode = "Calculate")]
pub fn visit_twice(visits: Vec<Knock>) -> Vec<Traced<Knock>> {
    let rows = visits.into_iter().enumerate().rev();
    rows.flat_map(|(i, visit)| {
        [10, 0].map(|more| {
            Traced::new(
                i,
                Knock {
                    n: visit.n * 100 + more,
                    ..visit.clone()
                },
            )
        })
    })
    .collect()
}

/// Notes the order in which rows of a key come.
#[kis_function(mode = "Calculate")]
pub fn visit_trace(visit: &Knock, seen: &mut Seen) -> Trace {
    let share = visit.share.map(|share| format!("({share})")).unwrap_or_default();
    seen.list = format!("{} {}{share}", seen.list, visit.n).trim().to_owned();
    Trace {
        key: visit.key.clone(),
        seen: seen.list.clone(),
    }
}

/// The same, where rows of a source keep another order than by key.
#[kis_function(mode = "Calculate", key = "key")]
pub fn visit_trace_by(visit: &Knock, seen: &mut Seen) -> Trace {
    visit_trace(visit, seen)
}

#[kis_function(mode = "Save", conn = "traces")]
pub fn save_trace(traces: &[Trace], table: &Conn<Table>) -> Result<()> {
    for trace in traces {
        table.put(trace.key.as_str(), trace)?;
    }
    Ok(())
}

/// Rows of keys `a`, `b`, .. numbered as they come; `fails` says how often each fails.
fn yaml(rows: &[(&str, i64)], steps: &str, more: &str) -> String {
    let rows: String = rows
        .iter()
        .enumerate()
        .map(|(n, (key, fails))| format!("    - {{ key: {key}, n: {n}, fails: {fails} }}\n"))
        .collect();
    format!(
        "kistype: source\nsname: visits\ntype: memory\nflow: visits\nrow: Knock\norder: {{ by: key }}\nbatch: {{ rows: 4 }}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: visits\non_error: {{ retry: {{ attempts: 5, backoff: 1ms..2ms }}, budget: none }}\n{more}\nflows:\n{steps}  - fname: visit_trace\n  - fname: save_trace\n"
    )
}

const ROWS: &[(&str, i64)] = &[
    ("a", 0),
    ("b", 2),
    ("b", 0),
    ("c", 0),
    ("b", 0),
    ("a", 3),
    ("a", 0),
    ("c", 1),
    ("c", 0),
    ("b", 0),
    ("a", 0),
    ("a", 1),
    ("b", 4),
    ("d", 0),
];

const EXPECTED: &str = r#"
a {"key":"a","seen":"0 5 6 10 11"}
b {"key":"b","seen":"1 2 4 9 12"}
c {"key":"c","seen":"3 7 8"}
d {"key":"d","seen":"13"}
"#;

#[track_caller]
fn check(steps: &str) {
    let left = same_in_any_lanes(&yaml(ROWS, steps, ""), "visits", "traces");
    assert!(left.contains(EXPECTED.trim()), "{steps}{left}");
    assert!(left.contains("in 14, out 14, dropped 0, dead 0"), "{steps}{left}");
}

#[test]
fn rows_of_a_key_keep_their_order_around_one_that_is_tried_again() {
    check("  - fname: visit_ready\n");
    check("  - fname: visit_counts\n");
    check("  - fname: visit_loads\n");
    check("  - fname: visit_overlaps\n");
    check("  - fname: visit_batch_names\n");
    check("  - fname: visit_batch\n");
    check(
        "  - fname: visit_counts\n  - fname: visit_loads\n  - fname: visit_batch_names\n  - fname: visit_batch\n",
    );
}

#[test]
fn rows_that_know_what_they_were_made_from_keep_their_key_and_their_name() {
    let rows = &[("a", 0), ("b", 99), ("b", 0), ("a", 1)];
    let left = same_in_any_lanes(
        &yaml(rows, "  - fname: visit_twice\n  - fname: visit_loads\n", ""),
        "visits",
        "traces",
    );
    assert_snapshot!(left, @r#"
visits: ended, in 4, out 6, dropped 0, dead 2
a {"key":"a","seen":"10 0 310 300"}
b {"key":"b","seen":"210 200"}
visit_loads retry retry visits:2 (2) {"key":"b","n":100,"fails":99,"only":null,"share":null} (row 100 is not ready)
visit_loads retry retry visits:2 {"key":"b","n":110,"fails":99,"only":null,"share":null} (row 110 is not ready)
"#);
}

#[test]
fn a_key_that_has_the_most_rows_gives_up_when_too_many_are_parked() {
    // Row 2 never works. The other keys go on, and so does its own once it gave up.
    let rows: Vec<(&str, i64)> = [
        ("a", 0),
        ("b", 0),
        ("b", 99),
        ("c", 0),
        ("b", 0),
        ("a", 0),
        ("b", 0),
        ("c", 0),
        ("b", 0),
        ("d", 0),
    ]
    .to_vec();
    let yaml = yaml(
        &rows,
        "  - fname: visit_loads\n",
        "parked: { rows: 2 }\non_error: { retry: { attempts: 1000000, backoff: 1ms..2ms }, budget: none }",
    );
    let left = same_in_any_lanes(
        &yaml.replacen(
            "on_error: { retry: { attempts: 5, backoff: 1ms..2ms }, budget: none }\n",
            "",
            1,
        ),
        "visits",
        "traces",
    );
    assert_snapshot!(left, @r#"
visits: ended, in 10, out 7, dropped 0, dead 3
a {"key":"a","seen":"0 5"}
b {"key":"b","seen":"1 8"}
c {"key":"c","seen":"3 7"}
d {"key":"d","seen":"9"}
visit_loads retry parked_full visits:5 {"fails":0,"key":"b","n":4} (it waited behind a row of its key, and no more rows can be parked)
visit_loads retry parked_full visits:7 {"fails":0,"key":"b","n":6} (it waited behind a row of its key, and no more rows can be parked)
visit_loads retry retry visits:3 {"fails":99,"key":"b","n":2} (row 2 is not ready)
"#);
}

#[test]
fn a_row_that_waits_too_long_gives_up_and_its_key_goes_on() {
    let yaml = yaml(
        &[("a", 99), ("a", 0), ("b", 0)],
        "  - fname: visit_loads\n",
        "parked: { max_age: 20ms }",
    )
    .replacen("attempts: 5", "attempts: 1000000", 1);
    let store = Store::in_memory();
    let summary = run(&yaml, 2, &store);
    assert_snapshot!(format!("{}{}{}", show(&summary), table(&store, "traces"), letters(&store, "visits")), @r#"
visits: ended, in 3, out 2, dropped 0, dead 1
a {"key":"a","seen":"1"}
b {"key":"b","seen":"2"}
visit_loads retry retry visits:1 {"fails":99,"key":"a","n":0} (row 0 is not ready)
"#);
}

#[test]
fn without_order_no_row_waits_for_another_and_by_partition_all_do() {
    let rows = &[("a", 0), ("a", 3), ("a", 0), ("b", 0), ("a", 1), ("b", 0)];
    let yaml = |order: &str| {
        yaml(rows, "  - fname: visit_loads\n", "lanes: 1")
            .replacen("{ by: key }", order, 1)
            .replacen("visit_trace", "visit_trace_by", 1)
    };
    let mut left = String::new();
    for order in ["none", "partition"] {
        let store = Store::in_memory();
        let summary = run(&yaml(order), 1, &store);
        let batches = yaml(order).replace("visit_loads", "visit_batch_names");
        assert_eq!(show(&run(&batches, 1, &Store::in_memory())), show(&summary));
        left += &format!("{order}: {}{}", show(&summary), table(&store, "traces"));
    }
    assert_snapshot!(left, @r#"
none: visits: ended, in 6, out 6, dropped 0, dead 0
a {"key":"a","seen":"0 2 4 1"}
b {"key":"b","seen":"3 5"}
partition: visits: ended, in 6, out 6, dropped 0, dead 0
a {"key":"a","seen":"0 1 2 4"}
b {"key":"b","seen":"3 5"}
"#);
}

/// Lets rows of `gate` fail until it is opened.
static OPEN: AtomicBool = AtomicBool::new(false);

#[kis_function(mode = "Load", conn = "traces")]
pub async fn visit_gate(visit: Knock, table: &Conn<Table>) -> Result<Knock> {
    let _ = table;
    match visit.fails > 0 && !OPEN.load(SeqCst) {
        true => Err(Error::retry("the gate is closed")),
        false => Ok(visit),
    }
}

/// Rows that are parked when a flow stops are in the store, and come back at the next start: in any number of lanes,
/// in their order, each once.
#[test]
fn parked_rows_come_back_at_the_next_start() {
    let rows = &[
        ("a", 0),
        ("b", 1),
        ("b", 0),
        ("c", 0),
        ("b", 1),
        ("a", 0),
        ("a", 1),
        ("b", 0),
        ("a", 0),
    ];
    let yaml = yaml(rows, "  - fname: visit_gate\n", "").replacen("attempts: 5", "attempts: 1000000", 1);
    let store = Store::in_memory();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for lanes in [2, 3, 1] {
        let summary = runtime.block_on(async {
            let mut engine = Engine::start(&plan(&yaml, lanes), RunOptions::new(store.clone()))
                .await
                .unwrap();
            let counters = engine.counters()[0].clone();
            // Rows 1, 2, 4, 7 of b and 6, 8 of a.
            while counters.parked.load(SeqCst) < 6 {
                tokio::task::yield_now().await;
            }
            engine.stopper().drain();
            engine.wait().await
        });
        assert!(
            show(&summary).starts_with("visits: drained"),
            "{}",
            show(&summary)
        );
        let parked = store.parked("visits").unwrap();
        let shown: Vec<String> = parked
            .iter()
            .map(|row| format!("{} {} {}", row.step, row.origin, row.row.row_type))
            .collect();
        assert_eq!(shown.len(), 6, "{shown:?}");
    }
    assert_snapshot!(table(&store, "traces"), @r#"
a {"key":"a","seen":"0 5"}
c {"key":"c","seen":"3"}
"#);
    OPEN.store(true, SeqCst);
    let summary = run(&yaml, 4, &store);
    assert_snapshot!(show(&summary), @"visits: ended, in 0, out 6, dropped 0, dead 0");
    assert_snapshot!(table(&store, "traces"), @r#"
a {"key":"a","seen":"0 5 6 8"}
b {"key":"b","seen":"1 2 4 7"}
c {"key":"c","seen":"3"}
"#);
    assert_eq!(store.parked("visits").unwrap(), []);
}

/// One row fails at the first step, one before it at the second: what waits behind that one waits before the other.
#[test]
fn rows_that_have_come_further_stand_before_those_that_have_not() {
    let yaml = yaml(
        &[("a", 1), ("a", 0), ("a", 2)],
        "  - fname: visit_loads\n  - fname: visit_counts\n",
        "",
    )
    .replacen("fails: 1 }", "fails: 1, only: counts }", 1)
    .replacen("fails: 2 }", "fails: 2, only: loads }", 1);
    let left = same_in_any_lanes(&yaml, "visits", "traces");
    assert_snapshot!(left, @r#"
visits: ended, in 3, out 3, dropped 0, dead 0
a {"key":"a","seen":"0 1 2"}
"#);
}

static WIDE: AtomicBool = AtomicBool::new(false);

#[kis_function(mode = "Load", conn = "traces")]
pub async fn visit_wide_gate(visit: Knock, table: &Conn<Table>) -> Result<Knock> {
    let _ = table;
    match WIDE.load(SeqCst) {
        false => Err(Error::retry("the gate is closed")),
        true => Ok(visit),
    }
}

/// Rows that were made of a row which had been parked are parked each for itself, and a number that is not finite stays
/// what it is.
#[test]
fn rows_made_of_a_parked_row_come_back_each() {
    let steps = "  - fname: visit_loads\n  - fname: visit_endless\n  - fname: visit_twice\n  - fname: visit_wide_gate\n";
    let yaml = yaml(&[("a", 1), ("a", 0)], steps, "").replacen("attempts: 5", "attempts: 1000000", 1);
    let yaml = yaml.replace("fails: 1 }", "fails: 1, only: loads }");
    let store = Store::in_memory();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let summary = runtime.block_on(async {
        let mut engine = Engine::start(&plan(&yaml, 2), RunOptions::new(store.clone()))
            .await
            .unwrap();
        let counters = engine.counters()[0].clone();
        // Two rows of row 0, which wait at the gate, and row 1 behind them.
        while counters.parked.load(SeqCst) < 3 {
            tokio::task::yield_now().await;
        }
        engine.stopper().drain();
        engine.wait().await
    });
    assert!(
        show(&summary).starts_with("visits: drained"),
        "{}",
        show(&summary)
    );
    WIDE.store(true, SeqCst);
    let summary = run(&yaml, 3, &store);
    assert_snapshot!(format!("{}{}{}", show(&summary), table(&store, "traces"), letters(&store, "visits")), @r#"
visits: ended, in 0, out 4, dropped 0, dead 0
a {"key":"a","seen":"10(inf) 0(inf) 110(inf) 100(inf)"}
"#);
}

#[kis_function(mode = "Calculate")]
pub fn visit_endless(visit: Knock) -> Knock {
    Knock {
        share: Some(f64::INFINITY),
        ..visit
    }
}

#[test]
fn a_flow_that_loads_what_it_saves_is_warned_of_batches_with_a_key_twice() {
    let yaml = yaml(&[("a", 0)], "  - fname: visit_loads\n", "");
    assert_snapshot!(problems(&yaml), @"warning: conf/test.yml:18:5: warning: [KIS0138] step visit_loads loads from what step save_trace saves to: rows of one key in one batch all load what was there before the first of them; say `batch: { unique: true }` at source visits");
    assert_snapshot!(problems(&yaml.replacen("rows: 4", "rows: 4, unique: true", 1)), @"");
}

/// Where rows of many keys fail, no key is the trouble: the flow waits for room, and none gives up.
#[test]
fn a_fault_of_many_keys_costs_no_row() {
    let keys: Vec<String> = (0..60).map(|key| format!("k{key}")).collect();
    let rows: Vec<(&str, i64)> = (0..180).map(|row| (keys[row % 60].as_str(), 2)).collect();
    let yaml = yaml(&rows, "  - fname: visit_loads\n", "parked: { rows: 40 }");
    let left = same_in_any_lanes(&yaml, "visits", "traces");
    assert!(left.contains("in 180, out 180, dropped 0, dead 0"), "{left}");
    assert!(left.contains(r#"{"key":"k7","seen":"7 67 127"}"#), "{left}");
}
