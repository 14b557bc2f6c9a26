//! One row of a large batch for which a function that takes its rows one by one never returns: that row is found at
//! once, and the others are not called again where what was done with them stands.

use std::{
    future::pending,
    sync::Mutex,
    thread::park_timeout,
    time::{Duration, Instant},
};

use kis_core::{
    conn::{Table, store::Store},
    prelude::*,
};

use crate::check::{letters, run, show, table};

#[derive(Row, Clone)]
pub struct Parcel {
    pub n: i64,
    pub key: i64,
    pub times: i64,
}

/// The row that hangs, the one that is refused, and the one that fails the first time. Rows of ten keys alternate.
const HANGS: i64 = 77;
const REFUSED: i64 = 30;
const FAILS_FIRST: i64 = 40;

/// All calls, in their order: the step, the row, and whether it worked.
static CALLS: Mutex<Vec<(&str, i64, bool)>> = Mutex::new(Vec::new());

/// Notes a call. Whether the row is the one that hangs.
fn begin(step: &'static str, parcel: &Parcel) -> Result<bool> {
    let mut calls = CALLS.lock().unwrap();
    let before = calls.iter().any(|(s, n, _)| *s == step && *n == parcel.n);
    let result = match parcel.n {
        REFUSED => Err(Error::reject("no such street")),
        FAILS_FIRST if !before => Err(Error::retry("nobody at home")),
        n => Ok(n == HANGS),
    };
    calls.push((step, parcel.n, matches!(result, Ok(false))));
    result
}

async fn awaits(step: &'static str, parcel: &Parcel) -> Result<()> {
    if begin(step, parcel)? {
        pending::<()>().await;
    }
    Ok(())
}

/// The thread comes back long after the call was given up, since the test would wait for it for ever.
fn blocks(step: &'static str, parcel: &Parcel) -> Result<()> {
    if begin(step, parcel)? {
        park();
    }
    Ok(())
}

fn park() {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(700) {
        park_timeout(Duration::from_millis(100));
    }
}

#[kis_function(mode = "Verify")]
pub async fn verify_awaited(parcel: &Parcel) -> Result<()> {
    awaits("verify_awaited", parcel).await
}

#[kis_function(mode = "Verify", blocking)]
pub fn verify_blocking(parcel: &Parcel) -> Result<bool> {
    blocks("verify_blocking", parcel)?;
    Ok(true)
}

#[kis_function(mode = "Calculate")]
pub async fn calculate_awaited(parcel: Parcel) -> Result<Parcel> {
    awaits("calculate_awaited", &parcel).await?;
    Ok(parcel)
}

#[kis_function(mode = "Calculate", concurrent = 8)]
pub async fn calculate_concurrent(parcel: &Parcel) -> Result<Option<Parcel>> {
    awaits("calculate_concurrent", parcel).await?;
    Ok(Some(parcel.clone()))
}

#[kis_function(mode = "Calculate", blocking)]
pub fn calculate_blocking(parcel: Parcel) -> Result<Vec<Parcel>> {
    blocks("calculate_blocking", &parcel)?;
    Ok(vec![parcel])
}

/// Counts in the table how often the row was saved.
fn count(parcel: &Parcel, table: &Conn<Table>) -> Result<()> {
    let times = table.get::<Parcel>(parcel.n)?.map_or(0, |before| before.times);
    let parcel = Parcel {
        times: times + 1,
        ..parcel.clone()
    };
    Ok(table.put(parcel.n, &parcel)?)
}

#[kis_function(mode = "Save", conn = "parcels")]
pub async fn save_awaited(parcel: &Parcel, table: &Conn<Table>) -> Result<()> {
    let hangs = begin("save_awaited", parcel)?;
    count(parcel, table)?;
    if hangs {
        pending::<()>().await;
    }
    Ok(())
}

#[kis_function(mode = "Save", conn = "parcels", blocking)]
pub fn save_blocking(parcel: &Parcel, table: &Conn<Table>) -> Result<()> {
    let hangs = begin("save_blocking", parcel)?;
    count(parcel, table)?;
    if hangs {
        park();
    }
    Ok(())
}

#[kis_function(mode = "Save")]
pub async fn send_awaited(parcel: &Parcel) -> Result<()> {
    awaits("send_awaited", parcel).await
}

#[kis_function(mode = "Save", concurrent = 8)]
pub async fn send_concurrent(parcel: &Parcel) -> Result<()> {
    awaits("send_concurrent", parcel).await
}

#[kis_function(mode = "Save", blocking)]
pub fn send_blocking(parcel: &Parcel) -> Result<()> {
    blocks("send_blocking", parcel)
}

#[derive(Clone, Default, State)]
#[state(ttl = "30d")]
pub struct Sent {
    pub parcels: i64,
}

/// Hands on which of its key each parcel was: with the row that hangs nothing is counted.
#[kis_function(mode = "Save")]
pub async fn send_counted(parcel: &Parcel, sent: &mut Sent) -> Result<()> {
    sent.parcels += 1;
    awaits("send_counted", parcel).await?;
    NTH.lock().unwrap().push((parcel.n, sent.parcels));
    Ok(())
}

static NTH: Mutex<Vec<(i64, i64)>> = Mutex::new(Vec::new());

/// What becomes of the rows is lost with the call.
#[kis_function(mode = "Expand")]
pub async fn expand_awaited(parcel: &Parcel) -> Result<Parcel> {
    awaits("expand_awaited", parcel).await?;
    Ok(parcel.clone())
}

#[kis_function(mode = "Expand", blocking)]
pub fn expand_blocking(parcel: &Parcel) -> Result<bool> {
    blocks("expand_blocking", parcel)?;
    Ok(true)
}

#[kis_function(mode = "Save", conn = "parcels")]
pub fn count_parcels(parcels: &[Parcel], table: &Conn<Table>) -> Result<()> {
    parcels.iter().try_for_each(|parcel| count(parcel, table))
}

fn yaml(step: &str) -> String {
    let rows: String = (0..200)
        .map(|n| format!("    - {{ n: {n}, key: {}, times: 0 }}\n", n % 10))
        .collect();
    let then = if step.starts_with("save") {
        ""
    } else {
        "  - fname: count_parcels\n"
    };
    format!(
        "kistype: source\nsname: rows\ntype: memory\nflow: parcels\norder: {{ by: key }}\nbatch: {{ rows: 200 }}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: parcels\nlimits: {{ step_timeout: 80ms }}\non_error: {{ retry: {{ attempts: 3, backoff: 1ms..2ms }}, reject: dead_letter, budget: none }}\nflows:\n  - fname: {step}\n{then}"
    )
}

/// Runs the step on 200 rows; each but the one that hangs and the one that is refused works, after at most `most` calls.
fn check(step: &str, most: usize) {
    let store = Store::in_memory();
    let summary = run(&yaml(step), 1, &store);
    assert_eq!(
        show(&summary),
        "parcels: ended, in 200, out 198, dropped 0, dead 2\n",
        "{step}"
    );
    let letter = |class, n: i64, why| {
        format!(
            "{step} {class} {class} rows:{} {{\"key\":{},\"n\":{n},\"times\":0}} ({why})",
            n + 1,
            n % 10
        )
    };
    assert_eq!(
        letters(&store, "parcels"),
        [
            letter("reject", REFUSED, "no such street"),
            letter("timeout", HANGS, "the call took longer than 80ms"),
        ]
        .join("\n")
    );
    let saved = table(&store, "parcels");
    let expect: Vec<String> = (0..200)
        .filter(|n| *n != HANGS && *n != REFUSED)
        .map(|n| format!("{n} {{\"key\":{},\"n\":{n},\"times\":1}}", n % 10))
        .collect();
    assert_eq!(saved.lines().collect::<Vec<_>>(), expect, "{step}");
    let calls = CALLS.lock().unwrap();
    let of = |n: i64| calls.iter().filter(move |(s, row, _)| *s == step && *row == n);
    assert_eq!(of(HANGS).count(), 3, "{step}: one thread for each attempt");
    for n in (0..200).filter(|n| *n != HANGS && *n != REFUSED) {
        let times = of(n).filter(|(_, _, worked)| *worked).count();
        assert!((1..=most).contains(&times), "{step}: {times} calls of row {n}");
    }
    if most == 1 {
        let mut last = [-1; 10];
        for (_, n, _) in calls.iter().filter(|(s, _, worked)| *s == step && *worked) {
            let before = std::mem::replace(&mut last[(n % 10) as usize], *n);
            assert!(before < *n, "{step}: row {n} came behind {before}");
        }
    }
}

#[test]
fn what_a_call_did_is_undone_and_only_the_row_that_hangs_is_left_out() {
    for step in [
        "verify_awaited",
        "verify_blocking",
        "calculate_awaited",
        "calculate_concurrent",
        "calculate_blocking",
        "save_awaited",
        "save_blocking",
    ] {
        check(step, 2);
    }
}

#[test]
fn what_was_sent_before_the_row_that_hangs_is_not_sent_again() {
    for (step, most) in [
        ("send_awaited", 1),
        ("send_blocking", 1),
        // Calls that overlapped with the one that hangs may have been made.
        ("send_concurrent", 2),
        // What these handed on is lost with the call.
        ("expand_awaited", 2),
        ("expand_blocking", 2),
    ] {
        check(step, most);
    }
}

#[test]
fn the_row_that_hangs_leaves_nothing_in_the_state() {
    check("send_counted", 1);
    let mut nth = NTH.lock().unwrap().clone();
    nth.sort_unstable();
    let expect = (0..200).filter(|n| *n != HANGS && *n != REFUSED).map(|n| {
        let before = [HANGS, REFUSED]
            .iter()
            .filter(|bad| **bad < n && **bad % 10 == n % 10);
        (n, n / 10 + 1 - before.count() as i64)
    });
    assert_eq!(nth, expect.collect::<Vec<_>>());
}
