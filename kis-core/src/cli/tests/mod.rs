//! Whole commands of an app: what they print, and their exit codes.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use parking_lot::Mutex;

mod dlq;
mod stopped;

use super::{App, Exit, app::Setup, streams::Streams};
use crate::{flow::FlowSet, observe::Screen, prelude::*};

#[derive(Row)]
struct CliScore {
    name: String,
    score: i64,
}

#[derive(Row)]
struct CliGrade {
    name: String,
    passed: bool,
}

/// Keeps scores that can be.
#[crate::kis_function(mode = "Verify")]
fn cli_verify(row: &CliScore) -> Result<bool> {
    if row.score > 1_000 {
        return Err(crate::Error::reject("too high").with_code("too_high"));
    }
    Ok(row.score >= 0)
}

/// Passed or not.
#[crate::kis_function(mode = "Calculate")]
fn cli_grade(row: CliScore) -> CliGrade {
    CliGrade {
        passed: row.score >= 60,
        name: row.name,
    }
}

/// Keeps the grades.
#[crate::kis_function(mode = "Save", conn = "CliGrades")]
fn cli_save(rows: &[CliGrade], grades: &Conn<crate::conn::Table>) -> Result<()> {
    for row in rows {
        grades.put(&row.name, row)?;
    }
    Ok(())
}

/// Belongs to no flow.
#[crate::kis_function(mode = "Verify")]
fn cli_orphan(row: &CliScore) -> bool {
    row.score > 0
}

const FLOW: &str = "kistype: flow
status: 1
flow_name: Grades
lanes: 2
flows:
  - fname: cli_verify
    as: verify
  - fname: cli_grade
  - fname: cli_save
---
kistype: source
sname: scores
flow: Grades
type: file
format: json
key: ${env:CLI_SCORES:-scores.jsonl}
---
kistype: flow
flow_name: Off
status: 0
flows: [ { fname: cli_verify } ]
";

const FLOWS: FlowSet = FlowSet {
    files: &[("conf/grades.yml", FLOW)],
    ..FlowSet::empty()
};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().clone()).unwrap()
    }
}

/// Runs one command line. Returns the exit code, the standard output and the error output.
fn app(app: App, args: &[&str]) -> (Exit, String, String) {
    let (out, err) = (Kept::default(), Kept::default());
    let streams = Streams::new(Box::new(out.clone()), Screen::new(Box::new(err.clone()), || 80));
    let args = ["grades"].iter().chain(args).map(OsString::from).collect();
    let exit = app.execute(args, streams, Setup::Nothing);
    (exit, out.text(), err.text())
}

fn cli(args: &[&str]) -> (Exit, String, String) {
    app(App::new(FLOWS), args)
}

/// A folder with scores, the arguments that lead there, and its path.
fn folder() -> (tempfile::TempDir, Vec<String>) {
    let temp = tempfile::tempdir().unwrap();
    let scores = temp.path().join("scores.jsonl");
    let rows = [("Ann", 90), ("Bob", 59), ("Cid", -1), ("Dan", 5_000)];
    let rows: String = rows
        .iter()
        .map(|(name, score)| format!("{{\"name\":\"{name}\",\"score\":{score}}}\n"))
        .collect();
    std::fs::write(&scores, rows).unwrap();
    let args = [
        "run".to_owned(),
        format!("--set=CLI_SCORES={}", scores.display()),
        format!("--store={}", temp.path().join("store").display()),
    ];
    (temp, args.to_vec())
}

fn run(args: &[String], more: &[&str]) -> (Exit, String, String) {
    let args: Vec<&str> = args
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect();
    cli(&args)
}

/// Without what differs from run to run: times, rates, folders.
fn steady(text: &str, temp: &Path) -> String {
    let text = text.replace(&temp.display().to_string(), "TEMP");
    let lines = text.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.iter().position(|word| ["ms", "s", "µs"].contains(word)) {
            Some(at) => format!("{} TIME", words[..at - 1].join(" ")),
            None => words.join(" "),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_run_and_the_next_one() {
    let (temp, args) = folder();
    let (exit, out, err) = run(&args, &["--progress", "never"]);
    insta::assert_snapshot!(steady(&err, temp.path()));
    assert_eq!((exit, out.as_str()), (Exit::Ok, ""));
    let (exit, _, err) = run(&args, &[]);
    assert!(err.contains("Grades: nothing new after "), "{err}");
    assert!(err.contains("(`--fresh` reads again)"), "{err}");
    assert_eq!(exit, Exit::Ok);
    let (exit, _, err) = run(&args, &["--fresh", "--fail-on-dead"]);
    assert_eq!(exit, Exit::Failed, "{err}");
}

/// A global document is heard: its store, its threads, its port; the command line goes before it.
#[test]
fn settings_of_the_whole_program() {
    const GLOBAL: &str = "kistype: global
store: { path: '${env:CLI_STORE}' }
checkpoint: { every: 1ms }
drain: { timeout: 5s }
workers: 3
compat: kisflow
prometheus_enable: true
prometheus_listen: true
prometheus_serve: ${env:CLI_PORT}
";
    let flows = FlowSet {
        files: &[("conf/grades.yml", FLOW), ("conf/global.yml", GLOBAL)],
        ..FlowSet::empty()
    };
    let (temp, args) = folder();
    let store = temp.path().join("named");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let run = |port: String| {
        let set = [
            format!("--set=CLI_STORE={}", store.display()),
            format!("--set=CLI_PORT={port}"),
        ];
        let args: Vec<&str> = args[..2].iter().chain(&set).map(String::as_str).collect();
        let threads = Arc::new(Mutex::new(0));
        let seen = Arc::clone(&threads);
        let looking = App::new(flows).on_start(move || async move {
            *seen.lock() = tokio::runtime::Handle::current().metrics().num_workers();
            Ok(())
        });
        let (exit, _, err) = app(looking, &args);
        let threads = *threads.lock();
        (exit, err, threads)
    };
    let (exit, err, _) = run(taken.local_addr().unwrap().to_string());
    assert_eq!(exit, Exit::Failed);
    assert!(
        err.contains("error: conf/global.yml:9:19: ") && err.contains(" is in use"),
        "{err}"
    );
    let (exit, err, threads) = run("127.0.0.1:0".to_owned());
    assert_eq!((exit, threads), (Exit::Ok, 3), "{err}");
    assert!(err.contains("metrics and probes: http://127.0.0.1:"), "{err}");
    assert!(store.exists());
}

#[test]
fn work_on_start_comes_first_and_can_refuse() {
    let (_temp, args) = folder();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let refusing = App::new(FLOWS).on_start(|| async { Err(crate::Error::fatal("no licence")) });
    let (exit, _, err) = app(refusing, &args);
    assert_eq!(exit, Exit::Failed);
    assert!(err.contains("error: on start: no licence"), "{err}");
}

#[test]
fn only_flows_that_are_there_and_on_can_be_run() {
    let (_temp, args) = folder();
    let (exit, _, err) = run(&args, &["--flow", "Grade", "--flow", "Off"]);
    assert_eq!(exit, Exit::Usage);
    insta::assert_snapshot!(err, @r"
    error: unknown flow Grade; did you mean Grades? (known: Grades)
    error: flow Off is turned off by `status: 0`
    ");
    let (exit, _, err) = app(App::new(FlowSet::empty()), &["run"]);
    assert_eq!(
        (exit, err.as_str()),
        (Exit::Config, "error: there is no flow to run\n")
    );
}

#[test]
fn a_name_that_nothing_reads_is_refused() {
    let (exit, _, err) = cli(&["check", "--set", "CLI_SCORE=x"]);
    assert_eq!(exit, Exit::Usage);
    insta::assert_snapshot!(err, @"error: --set CLI_SCORE: no file of the configuration reads ${env:CLI_SCORE}; did you mean CLI_SCORES? (known: CLI_SCORES)");
}

#[test]
fn check_says_what_fits() {
    let (exit, out, err) = cli(&["check"]);
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    insta::assert_snapshot!(out);
}

#[test]
fn check_tells_everything_that_is_wrong() {
    let temp = tempfile::tempdir().unwrap();
    let conf = temp.path().join("conf");
    std::fs::create_dir(&conf).unwrap();
    let wrong = FLOW
        .replace("cli_grade", "cli_grad")
        .replace("lanes: 2", "lane: 2");
    std::fs::write(conf.join("grades.yml"), wrong).unwrap();
    let (exit, out, err) = cli(&["check", "--conf", &conf.display().to_string()]);
    assert_eq!((exit, out.as_str()), (Exit::Config, ""));
    insta::assert_snapshot!(err);
}

/// A value that functions take from the app.
struct CliPrices;

/// Takes a value of the app.
#[crate::kis_function(mode = "Verify")]
fn cli_priced(_row: &CliScore, _prices: Ext<CliPrices>) -> bool {
    true
}

#[test]
fn a_value_that_is_not_put_in_is_missed_before_a_flow_starts() {
    const PRICED: FlowSet = FlowSet {
        files: &[(
            "conf/priced.yml",
            "kistype: flow\nstatus: 1\nflow_name: Priced\nflows: [ { fname: cli_priced } ]\n",
        )],
        ..FlowSet::empty()
    };
    for command in ["check", "run"] {
        let (exit, _, err) = app(App::new(PRICED), &[command]);
        assert_eq!(exit, Exit::Config);
        assert!(err.contains("[KIS0132]") && err.contains("CliPrices"), "{err}");
    }
    let (exit, out, err) = app(App::new(PRICED).ext(CliPrices), &["check"]);
    assert_eq!(exit, Exit::Ok, "{out}{err}");
}

#[test]
fn list_shows_what_there_is() {
    let (exit, out, _) = cli(&["list"]);
    assert_eq!(exit, Exit::Ok);
    // Other tests of this crate have functions too.
    let mine = |line: &&str| {
        !line.contains(" kis-core/") || line.starts_with("cli_") || line.starts_with("FUNCTION")
    };
    let lines: Vec<String> = out
        .lines()
        .filter(mine)
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn graphs_of_a_plan() {
    let (exit, out, _) = cli(&["graph"]);
    assert_eq!(exit, Exit::Ok);
    insta::assert_snapshot!(out);
    let (exit, out, _) = cli(&["graph", "Grades", "--format", "svg"]);
    assert_eq!(exit, Exit::Ok);
    assert!(out.starts_with("<svg") && out.contains(">CliGrade<"), "{out}");
    let (exit, _, err) = cli(&["graph", "Grads"]);
    assert_eq!(exit, Exit::Usage);
    insta::assert_snapshot!(err, @"error: unknown flow Grads; did you mean Grades? (known: Grades)");
}

/// What `${env:..}` stands for may be a password: nobody is shown it but who opens the source or connector.
#[test]
fn looked_up_values_are_never_shown() {
    const SECRET: &str = "hunter2";
    const YAML: &str = "kistype: conn
cname: CliGrades
type: table
addrs: ${env:CLI_SECRET}
key: ${env:CLI_SECRET}
---
kistype: flow
status: 1
flow_name: Secret
flows: [ { fname: cli_grade }, { fname: cli_save, params: { password: '${env:CLI_SECRET}' } } ]
---
kistype: source
sname: scores
flow: Secret
type: memory
key: ${env:CLI_SECRET}
params: { password: '${env:CLI_SECRET}' }
";
    // The same without what does not fit.
    const SOUND: &str = "kistype: conn
cname: CliGrades
type: table
---
kistype: flow
status: 1
flow_name: Secret
flows: [ { fname: cli_grade }, { fname: cli_save } ]
---
kistype: source
sname: scores
flow: Secret
type: memory
key: ${env:CLI_SECRET}
";
    for files in [
        &[("conf/secret.yml", YAML)] as &'static [_],
        &[("conf/secret.yml", SOUND)],
    ] {
        let flows = FlowSet {
            files,
            ..FlowSet::empty()
        };
        for command in [
            &["check"][..],
            &["list"],
            &["graph"],
            &["graph", "--format", "dot"],
            &["graph", "--format", "svg"],
            &["run", "--progress", "never"],
        ] {
            let temp = tempfile::tempdir().unwrap();
            let store = format!("--store={}", temp.path().display());
            let set = format!("--set=CLI_SECRET={SECRET}");
            let mut args = command.to_vec();
            args.push(&set);
            if command[0] == "run" {
                args.push(&store);
            }
            let (_, out, err) = app(App::new(flows), &args);
            assert!(!(out.clone() + &err).contains(SECRET), "{command:?}: {out}{err}");
            if files[0].1 == SOUND && command[0] == "graph" {
                assert!(out.contains("env:CLI_SECRET"), "{command:?}: {out}");
            }
        }
    }
}

#[test]
fn codes_are_explained() {
    let (exit, out, _) = cli(&["explain", "kis0102"]);
    assert_eq!(exit, Exit::Ok);
    assert!(
        out.starts_with("# KIS0102: a step needs a field that is not handed on\n"),
        "{out}"
    );
    let (exit, out, _) = cli(&["explain"]);
    assert_eq!(exit, Exit::Ok);
    assert!(
        out.lines().any(|line| line.starts_with("KIS0102  a step needs")),
        "{out}"
    );
    let (exit, _, err) = cli(&["explain", "KIS102"]);
    assert_eq!(exit, Exit::Usage);
    assert!(
        err.starts_with("error: unknown code KIS102; did you mean KIS0102?"),
        "{err}"
    );
}

#[test]
fn usage() {
    let (exit, out, _) = cli(&["--help"]);
    assert_eq!(exit, Exit::Ok);
    insta::assert_snapshot!("help", out);
    let (exit, out, _) = cli(&["run", "--help"]);
    assert_eq!(exit, Exit::Ok);
    insta::assert_snapshot!("help_of_run", out);
    for wrong in [&["rn"][..], &["run", "--frsh"], &["check", "--set", "x"], &[]] {
        let (exit, out, err) = cli(wrong);
        assert_eq!((exit, out.as_str()), (Exit::Usage, ""), "{wrong:?}: {err}");
        assert!(!err.is_empty());
    }
}

#[test]
fn a_port_in_use_is_told_before_anything_runs() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (temp, args) = folder();
    let (exit, _, err) = run(&args, &["--listen", &address]);
    assert_eq!(exit, Exit::Failed);
    let text = format!(
        "error: --listen: {address} is in use by another program; stop it, or listen at another port\n"
    );
    assert_eq!(err, text);
    assert!(temp.path().exists());
}
