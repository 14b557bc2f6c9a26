//! Rows that kill the process or keep it for ever: this test program starts itself again and again, as a supervisor
//! would, until the flow has ended.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use kis_core::{
    conn::{Table, store::Store},
    observe::HeldBy,
    prelude::*,
};

use crate::check::{letters, run, show, table};

#[derive(Row, Clone)]
pub struct Mine {
    pub n: i64,
    pub times: i64,
}

/// Says for a child of this program which flow it is to run, and where the store is.
const CHILD: &str = "KIS_TEST_MINES";

#[kis_function(mode = "Verify")]
pub fn explodes_at_137(mine: &Mine) {
    if mine.n == 137 {
        std::process::abort();
    }
}

#[kis_function(mode = "Verify")]
pub fn hangs_at_13(mines: &[Mine]) {
    while mines.iter().any(|mine| mine.n == 13) {
        std::thread::park();
    }
}

#[kis_function(mode = "Verify", blocking)]
pub fn blocks_from_13(mine: &Mine) {
    if mine.n >= 13 {
        loop {
            std::thread::park();
        }
    }
}

/// Counts how often each row was saved.
#[kis_function(mode = "Save", conn = "mines")]
pub fn count_mines(mines: &[Mine], table: &Conn<Table>) -> Result<()> {
    for mine in mines {
        let times = table.get::<Mine>(mine.n)?.map_or(0, |before| before.times);
        let mine = Mine {
            times: times + 1,
            ..mine.clone()
        };
        table.put(mine.n, &mine)?;
    }
    Ok(())
}

fn yaml(step: &str, rows: i64) -> String {
    let rows: String = (0..rows)
        .map(|n| format!("    - {{ n: {n}, times: 0 }}\n"))
        .collect();
    format!(
        "kistype: source\nsname: rows\ntype: memory\nflow: mines\norder: {{ by: n }}\nbatch: {{ rows: 50 }}\nparams:\n  rows:\n{rows}---\nkistype: global\ncheckpoint: {{ every: 1h }}\n---\nkistype: flow\nstatus: 1\nflow_name: mines\nlimits: {{ step_timeout: 40ms, hang_exit: 120ms }}\nflows:\n  - fname: {step}\n  - fname: count_mines\n"
    )
}

/// What the children do; the tests start them.
#[test]
fn child() {
    let Ok(asked) = std::env::var(CHILD) else { return };
    let (step, rows, dir) = {
        let mut parts = asked.splitn(3, ' ');
        let mut next = || parts.next().unwrap().to_owned();
        (next(), next().parse().unwrap(), next())
    };
    let store = Store::open(Path::new(&dir)).unwrap();
    let summary = run(&yaml(&step, rows), 2, &store);
    std::io::stderr().write_all(show(&summary).as_bytes()).unwrap();
    let hung = summary.flows[0].counters.holds.any(HeldBy::Hang);
    assert!(!summary.failed() && !hung);
}

fn start(step: &str, rows: i64, dir: &Path) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["killers::child", "--exact", "--nocapture"])
        .env(CHILD, format!("{step} {rows} {}", dir.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Starts the flow until it ends. Every start before ends with the code `dies` (none for a signal), and there are as
/// many as it takes: three without progress, and two in which the row is noted.
fn check(step: &str, rows: i64, dies: Option<i32>, bad: i64) {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..5 {
        let output = start(step, rows, dir.path());
        assert_eq!(output.status.code(), dies, "{output:?}");
    }
    let output = start(step, rows, dir.path());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let expect = format!("mines: ended, in {rows}, out {}, dropped 0, dead 1\n", rows - 1);
    assert!(said.contains(&expect), "{said}");
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(
        letters(&store, "mines"),
        format!(
            "{step} panic killed_process rows:{} {{\"n\":{bad},\"times\":0}} (the process ended 2 times while step {step} was at work on this row)",
            bad + 1
        )
    );
    let saved = table(&store, "mines");
    let expect: Vec<String> = (0..rows)
        .filter(|n| *n != bad)
        .map(|n| format!("{n} {{\"n\":{n},\"times\":1}}"))
        .collect();
    assert_eq!(saved.lines().collect::<Vec<_>>(), expect);
    assert_eq!(store.record("mines").unwrap().unwrap().starts_without_progress, 0);
    let left = std::fs::read_dir(dir.path()).unwrap();
    let left = left.filter(|file| {
        let name = file.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("suspects")
    });
    assert_eq!(left.count(), 0, "nothing is left behind");
}

#[test]
fn a_row_that_kills_the_process_is_found_and_the_others_go_on() {
    check("explodes_at_137", 200, None, 137);
}

#[test]
fn a_row_that_hangs_a_plain_function_is_found_too() {
    check("hangs_at_13", 60, Some(1), 13);
}

#[test]
fn blocking_calls_that_hold_all_threads_end_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let output = start("blocks_from_13", 60, dir.path());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
