//! What the engine does after a failed call: waits for a connector, searches, tries again, and takes nothing twice.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use insta::assert_snapshot;
use kis_core::{
    conn::{Table, store::Store},
    prelude::*,
};

use crate::check::{letters, run, show, table};

#[derive(Row, Clone)]
pub struct Pay {
    pub id: i64,
    pub user: String,
}

static DOWN: AtomicU32 = AtomicU32::new(0);

#[kis_function(mode = "Save", conn = "paid")]
pub fn save_one_when_up(pay: &Pay, table: &Conn<Table>) -> Result<()> {
    if DOWN.fetch_add(1, Relaxed) < 4 {
        return Err(Error::unavailable("the connector is down"));
    }
    table.put(pay.id, pay)?;
    Ok(())
}

#[kis_function(mode = "Save", conn = "paid")]
pub fn names_the_first(pays: &[Pay], table: &Conn<Table>) -> Result<()> {
    for pay in pays {
        table.put(pay.id, pay)?;
    }
    if pays[0].id == 0 {
        Err(Error::rows([(0, Error::reject("the first is wrong"))]))
    } else {
        Ok(())
    }
}

static SHAKY: AtomicU32 = AtomicU32::new(0);

/// Refuses row 3, and loses its connection once after that was found out.
#[kis_function(mode = "Calculate")]
pub fn shaky(pays: Vec<Pay>) -> Result<Vec<Pay>> {
    if pays.iter().any(|pay| pay.id == 3) {
        return Err(Error::reject("not three"));
    }
    if pays.len() > 4 && SHAKY.fetch_add(1, Relaxed) == 0 {
        return Err(Error::retry("connection reset"));
    }
    Ok(pays)
}

#[kis_function(mode = "Save", conn = "paid")]
pub fn save_pays(pays: &[Pay], table: &Conn<Table>) -> Result<()> {
    for pay in pays {
        table.put(pay.id, pay)?;
    }
    Ok(())
}

static MAILED: Mutex<Vec<i64>> = Mutex::new(Vec::new());

#[kis_function(mode = "Expand")]
pub fn mail(pays: &[Pay]) {
    for pay in pays {
        assert!(pay.id != 5, "no address");
        MAILED.lock().unwrap().push(pay.id);
    }
}

#[derive(Clone, Default, State)]
#[state(ttl = "30d")]
pub struct Sum {
    pub pays: u64,
}

#[derive(Row)]
pub struct UserSum {
    pub user: String,
    pub pays: u64,
}

/// Counts by key over a batch, and refuses row 7 only after everything was counted.
#[kis_function(mode = "Calculate")]
pub fn sum_by_user(pays: &[Pay], sums: &mut Keyed<Sum>) -> Result<Vec<UserSum>> {
    let counted = pays
        .iter()
        .map(|pay| {
            let sum = sums.of(pay);
            sum.pays += 1;
            UserSum {
                user: pay.user.clone(),
                pays: sum.pays,
            }
        })
        .collect();
    if pays.iter().any(|pay| pay.id == 7) {
        Err(Error::reject("not seven"))
    } else {
        Ok(counted)
    }
}

#[kis_function(mode = "Save", conn = "sums")]
pub fn save_sums(sums: &[UserSum], table: &Conn<Table>) -> Result<()> {
    for sum in sums {
        table.put(sum.user.as_str(), sum)?;
    }
    Ok(())
}

#[kis_function(mode = "Save", conn = "none")]
pub fn never_works(_: &Rows, _table: &Conn<Table>) -> Result<()> {
    Err(Error::reject("there is nothing to report"))
}

fn yaml(rows: std::ops::Range<i64>, order: &str, steps: &str) -> String {
    let rows: String = rows
        .map(|i| format!("    - {{ id: {i}, user: u{} }}\n", i % 2))
        .collect();
    format!(
        "kistype: source\nsname: pays\ntype: memory\nflow: pays\n{order}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: pays\non_error: {{ retry: {{ attempts: 3, backoff: 1ms..2ms }} }}\nflows:\n{steps}"
    )
}

#[test]
fn rows_wait_for_a_connector_that_is_down() {
    let store = Store::in_memory();
    let summary = run(&yaml(0..2, "", "  - fname: save_one_when_up\n"), 1, &store);
    assert_snapshot!(show(&summary) + &table(&store, "paid"), @r#"
    pays: ended, in 2, out 2, dropped 0, dead 0
    0 {"id":0,"user":"u0"}
    1 {"id":1,"user":"u1"}
    "#);
}

#[test]
fn a_row_that_is_not_named_is_not_at_fault() {
    let store = Store::in_memory();
    let summary = run(&yaml(0..2, "", "  - fname: names_the_first\n"), 1, &store);
    assert_snapshot!(show(&summary) + &table(&store, "paid") + &letters(&store, "pays"), @r#"
    pays: ended, in 2, out 1, dropped 0, dead 1
    1 {"id":1,"user":"u1"}
    names_the_first reject reject pays:1 {"id":0,"user":"u0"} (the first is wrong)
    "#);
}

#[test]
fn good_rows_are_tried_again_after_the_bad_one_was_found() {
    let store = Store::in_memory();
    let summary = run(
        &yaml(0..8, "", "  - fname: shaky\n  - fname: save_pays\n"),
        1,
        &store,
    );
    assert_snapshot!(show(&summary) + &letters(&store, "pays"), @r#"
    pays: ended, in 8, out 7, dropped 0, dead 1
    shaky reject reject pays:4 {"id":3,"user":"u1"} (not three)
    "#);
}

#[test]
fn an_effect_without_a_connector_happens_twice_at_most() {
    let summary = run(&yaml(0..8, "", "  - fname: mail\n"), 1, &Store::in_memory());
    let mailed = MAILED.lock().unwrap();
    let most = (0..8)
        .map(|id| mailed.iter().filter(|mailed| **mailed == id).count())
        .max();
    assert_eq!(most, Some(2), "{mailed:?}");
    assert_snapshot!(show(&summary), @"pays: ended, in 8, out 7, dropped 0, dead 1");
}

#[test]
fn probes_leave_no_trace_in_state() {
    let store = Store::in_memory();
    let steps = "  - fname: sum_by_user\n  - fname: save_sums\n";
    let first = run(&yaml(0..8, "order: { by: user }", steps), 1, &store);
    let second = run(&yaml(0..12, "order: { by: user }", steps), 1, &store);
    assert_snapshot!(show(&first) + &show(&second) + &table(&store, "sums"), @r#"
    pays: ended, in 8, out 7, dropped 0, dead 1
    pays: ended, in 4, out 4, dropped 0, dead 0
    u0 {"pays":6,"user":"u0"}
    u1 {"pays":5,"user":"u1"}
    "#);
}

#[test]
fn a_last_step_that_fails_stops_the_flow() {
    let yaml = yaml(0..1, "", "  - fname: save_pays\n") + "at_end:\n  - fname: never_works\n";
    let summary = run(&yaml, 1, &Store::in_memory());
    assert_snapshot!(show(&summary), @"pays: failed: step never_works: there is nothing to report (reject), in 1, out 1, dropped 0, dead 0");
}
