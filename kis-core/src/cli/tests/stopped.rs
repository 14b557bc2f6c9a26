//! Commands that look into the store of stopped flows, and change it.

use std::{
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use kis_conn::Store;

use super::{App, Exit, app};
use crate::{flow::FlowSet, prelude::*};

#[derive(Row)]
struct Visit {
    user: String,
    day: i64,
}

#[derive(Clone, Default, State)]
#[state(ttl = "30d")]
struct Visits {
    total: u64,
    last: Option<i64>,
}

/// Counts the visits of each user.
#[crate::kis_function(mode = "Verify")]
fn cli_visits(visit: &Visit, visits: &mut Visits) -> bool {
    visits.total += 1;
    visits.last = Some(visit.day);
    true
}

/// Counts the visits of each day.
#[crate::kis_function(mode = "Verify", key = "day")]
fn cli_days(_: &Visit, visits: &mut Visits) -> bool {
    visits.total += 1;
    true
}

const FLOW: &str = "kistype: flow
status: 1
flow_name: Visits
lanes: 2
flows:
  - fname: cli_visits
    as: STEP
  - fname: cli_days
---
kistype: source
sname: visits
flow: Visits
type: file
order: { by: user }
key: ${env:CLI_VISITS:-visits.jsonl}
";

const NOW: FlowSet = FlowSet {
    files: &[("conf/visits.yml", FLOW)],
    ..FlowSet::empty()
};

/// A folder with visits, whose flow has run once.
fn ran() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    let rows = [("ann", 1), ("bob", 1), ("ann", 2), ("17", 2)]
        .map(|(user, day)| format!("{{\"user\":\"{user}\",\"day\":{day}}}\n"));
    std::fs::write(temp.path().join("visits.jsonl"), rows.concat()).unwrap();
    let (exit, text) = run(temp.path(), &["run", "--progress", "never"]);
    assert_eq!(exit, Exit::Ok, "{text}");
    temp
}

/// Runs a command on the folder's store; gives its exit code, and both streams.
fn run(temp: &Path, args: &[&str]) -> (Exit, String) {
    let set = format!("--set=CLI_VISITS={}", temp.join("visits.jsonl").display());
    let store = format!("--store={}", temp.join("store").display());
    let (exit, out, err) = app(App::new(NOW), &[args, &[&set, &store]].concat());
    (exit, (out + &err).replace(&temp.display().to_string(), "TEMP"))
}

/// The texts of some commands.
fn texts(temp: &Path, commands: &[&[&str]]) -> String {
    let text = |args: &&[&str]| {
        let (exit, text) = run(temp, args);
        let told = format!("$ {} -> {}\n{text}", args.join(" "), exit as u8);
        told.replace(&temp.display().to_string(), "TEMP")
    };
    commands.iter().map(text).collect()
}

#[test]
fn state_is_listed_and_printed() {
    let temp = ran();
    insta::assert_snapshot!(texts(temp.path(), &[
        &["state", "ls"],
        &["state", "ls", "Visit"],
        &["state", "get", "Visits", "STEP", "ann"],
        &["state", "get", "Visits", "STEP", "17"],
        &["state", "get", "Visits", "cli_days", "2"],
        &["state", "get", "Visits", "STEP", "an"],
        &["state", "get", "Visits", "STP", "ann"],
    ]), @r#"
    $ state ls -> 0
    FLOW    STEP      TYPE    VERSION  KEYS  IN THIS PROGRAM
    Visits  STEP      Visits        1     3  yes
    Visits  cli_days  Visits        1     2  yes
    $ state ls Visit -> 2
    error: the store holds no state of flow Visit; did you mean Visits? (known: Visits)
    $ state get Visits STEP ann -> 0
    {"total":2,"last":2}
    $ state get Visits STEP 17 -> 0
    {"total":1,"last":2}
    $ state get Visits cli_days 2 -> 0
    {"total":2,"last":null}
    $ state get Visits STEP an -> 1
    error: step STEP has state of 3 keys, and none of key an; did you mean ann? (known: 17, ann, bob)
    $ state get Visits STP ann -> 2
    error: the store holds no state of step STP of flow Visits; did you mean STEP? (known: STEP, cli_days)
    "#);
}

#[test]
fn state_is_dropped_and_moved() {
    let temp = ran();
    insta::assert_snapshot!(texts(temp.path(), &[
        &["state", "drop", "Visits", "cli_days"],
        &["state", "drop", "Visits", "cli_days", "--dry-run"],
        &["state", "mv", "Visits", "STEP", "cli_days"],
        &["state", "mv", "Visits", "STEP", "cli_day"],
        &["state", "drop", "Visits", "cli_days", "--yes"],
        &["state", "mv", "Visits", "STEP", "cli_days"],
        &["state", "ls", "Visits"],
        &["state", "drop", "Visits", "cli_days", "--yes"],
        &["state", "ls"],
    ]), @r"
    $ state drop Visits cli_days -> 2
    error: this would forget the state of step cli_days of flow Visits: 2 keys; say --yes to do it
    $ state drop Visits cli_days --dry-run -> 0
    would forget the state of step cli_days of flow Visits: 2 keys
    $ state mv Visits STEP cli_days -> 2
    error: step cli_days has state of its own; forget that first with `state drop Visits cli_days`
    $ state mv Visits STEP cli_day -> 2
    error: flow Visits has no step cli_day that keeps state; did you mean cli_days? (known: STEP, cli_days)
    $ state drop Visits cli_days --yes -> 0
    forgot the state of step cli_days of flow Visits: 2 keys
    $ state mv Visits STEP cli_days -> 0
    step cli_days of flow Visits has the state of STEP
    $ state ls Visits -> 0
    FLOW    STEP      TYPE    VERSION  KEYS  IN THIS PROGRAM
    Visits  cli_days  Visits        1     3  yes
    $ state drop Visits cli_days --yes -> 0
    forgot the state of step cli_days of flow Visits: 3 keys
    $ state ls -> 0
    FLOW  STEP  TYPE  VERSION  KEYS  IN THIS PROGRAM
    ");
}

/// A step that was renamed is told before anything runs, where the flow is written.
#[test]
fn a_run_refuses_state_that_no_step_takes() {
    const RENAMED: FlowSet = FlowSet {
        files: &[(
            "conf/visits.yml",
            "kistype: flow\nstatus: 1\nflow_name: Visits\nflows: [ { fname: cli_visits, as: by_user } ]\n---\nkistype: source\nsname: visits\nflow: Visits\ntype: memory\norder: { by: user }\nparams: { rows: [] }\n",
        )],
        ..FlowSet::empty()
    };
    let temp = ran();
    let store = format!("--store={}", temp.path().join("store").display());
    let command = |args: &[&str]| {
        let (exit, out, err) = app(App::new(RENAMED), &[args, &[&store]].concat());
        format!("{}\n{out}{err}", exit as u8)
    };
    insta::assert_snapshot!(command(&["run"]), @r"
    78
    error[KIS0202]: the store holds state of step STEP of flow Visits for 3 keys, and the flow has no such step
     --> conf/visits.yml:3:12
      |
    3 | flow_name: Visits
      |            ^^^^^^
      |
      = help: name the step as it was with `as: STEP`, give the state to another step with `state mv Visits STEP by_user`, or forget it with `state drop Visits STEP`
    error[KIS0202]: the store holds state of step cli_days of flow Visits for 2 keys, and the flow has no such step
     --> conf/visits.yml:3:12
      |
    3 | flow_name: Visits
      |            ^^^^^^
      |
      = help: name the step as it was with `as: cli_days`, give the state to another step with `state mv Visits cli_days by_user`, or forget it with `state drop Visits cli_days`
    error: the flows and their store have 2 errors; `explain KIS0202` says more
    ");
    insta::assert_snapshot!(command(&["state", "ls"]), @r"
    0
    FLOW    STEP      TYPE    VERSION  KEYS  IN THIS PROGRAM
    Visits  STEP      Visits        1     3  no such state
    Visits  cli_days  Visits        1     2  no such state
    ");
}

#[test]
fn positions_are_shown_and_set() {
    let temp = ran();
    let partition = temp.path().join("visits.jsonl");
    let partition = partition.to_str().unwrap();
    let set = |source, to| ["positions", "set", "Visits", source, partition, to];
    let told = texts(
        temp.path(),
        &[
            &["positions", "show"],
            &["positions", "show", "Visit"],
            &set("visits", "start"),
            &["positions", "show", "Visits"],
            &set("visits", "end"),
            &set("visits", "row=2"),
            &set("visit", "start"),
            &["positions", "set", "Visits", "visits", "visit.jsonl", "start"],
        ],
    );
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
    let told: String = told.lines().map(words).collect();
    insta::assert_snapshot!(told, @r#"
    $ positions show -> 0
    FLOW SOURCE PARTITION POSITION
    Visits visits TEMP/visits.jsonl row=4 line=5 byte=91 file=91:9d3e73baede0802e
    $ positions show Visit -> 2
    error: unknown flow Visit; did you mean Visits? (known: Visits)
    $ positions set Visits visits TEMP/visits.jsonl start -> 0
    source visits of flow Visits goes on in TEMP/visits.jsonl from start; it was row=4 line=5 byte=91 file=91:9d3e73baede0802e
    $ positions show Visits -> 0
    FLOW SOURCE PARTITION POSITION
    $ positions set Visits visits TEMP/visits.jsonl end -> 0
    source visits of flow Visits goes on in TEMP/visits.jsonl from row=4 line=5 byte=91 file=91:9d3e73baede0802e; it was start
    $ positions set Visits visits TEMP/visits.jsonl row=2 -> 2
    error: row=2 is not a position of source visits of type file: write it as `positions show` does, with the file it is of: "row=57 line=59 byte=3390 file=1024:00c0ffee00c0ffee"
    $ positions set Visits visit TEMP/visits.jsonl start -> 2
    error: flow Visits has no source visit; did you mean visits? (known: visits)
    $ positions set Visits visits visit.jsonl start -> 2
    error: source visits has no partition visit.jsonl; known: TEMP/visits.jsonl
    "#);
}

/// What was set is where the next run goes on.
#[test]
fn a_run_goes_on_from_a_position_that_was_set() {
    let temp = ran();
    let partition = temp.path().join("visits.jsonl");
    let (exit, text) = run(
        temp.path(),
        &[
            "positions",
            "set",
            "Visits",
            "visits",
            partition.to_str().unwrap(),
            "start",
        ],
    );
    assert_eq!(exit, Exit::Ok, "{text}");
    run(temp.path(), &["run", "--progress", "never"]);
    let (_, text) = run(temp.path(), &["state", "get", "Visits", "STEP", "ann"]);
    assert_eq!(text, "{\"total\":4,\"last\":2}\n");
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let temp = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(texts(temp.path(), &[&["state", "ls"], &["positions", "show"]]), @r"
    $ state ls -> 1
    error: there is no store in TEMP/store; it is made by the first run, or say where it is by --store DIR
    $ positions show -> 1
    error: there is no store in TEMP/store; it is made by the first run, or say where it is by --store DIR
    ");
    assert!(!temp.path().join("store").exists());
}

/// Names the store that another process, which runs one test of this program, is to hold.
const HOLD: &str = "KIS_TEST_HOLDS_STORE";

/// What that process does: it opens the store, says so, and waits for the end of its input.
#[test]
fn holds_a_store_for_another_test() {
    if let Some(dir) = std::env::var_os(HOLD) {
        let store = Store::open(Path::new(&dir)).unwrap();
        // Behind the line with which the test's own run begins.
        std::io::stdout().write_all(b"\nheld\n").unwrap();
        std::io::stdout().flush().unwrap();
        std::io::stdin().lines().for_each(drop);
        drop(store);
    }
}

#[test]
fn a_store_that_another_process_has_open_is_refused_with_its_pid() {
    let temp = ran();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "cli::tests::stopped::holds_a_store_for_another_test",
            "--nocapture",
        ])
        .env(HOLD, temp.path().join("store"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap() == "held"),
        "it never held the store"
    );
    for command in [
        &["run"][..],
        &["state", "ls"],
        &["state", "drop", "Visits", "STEP", "--yes"],
        &["positions", "show"],
    ] {
        let (exit, text) = run(temp.path(), command);
        let expect = format!(
            "error: the store TEMP/store is in use by process {}; stop that process, or set another folder in kistype: global, store: {{ path: .. }}\n",
            other.id()
        );
        assert_eq!((exit, text), (Exit::Failed, expect), "{command:?}");
    }
    drop(other.stdin.take());
    assert!(other.wait().unwrap().success());
    let (exit, text) = run(temp.path(), &["state", "ls"]);
    assert_eq!(exit, Exit::Ok, "{text}");
}
