//! Dead letters from the command line: alone, and through another process that runs the flow.

use std::{
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use kis_conn::{Store, Table, row_as_json};

use super::{App, Exit, app};
use crate::{flow::FlowSet, prelude::*};

#[derive(Row)]
struct Order {
    id: i64,
    user: String,
    amount: i64,
}

#[derive(Params)]
struct Cap {
    /// The highest amount.
    #[param(default = 100)]
    most: i64,
}

/// Refuses high amounts.
#[crate::kis_function(mode = "Verify")]
fn cli_cap(order: &Order, cap: &Params<Cap>) -> Result<()> {
    if order.amount > cap.most {
        let text = format!("order {} of {} is above {}", order.id, order.user, cap.most);
        return Err(crate::Error::reject(text).with_code("too_high"));
    }
    Ok(())
}

/// Keeps the orders.
#[crate::kis_function(mode = "Save", conn = "CliOrders")]
fn cli_orders(orders: &[Order], table: &Conn<Table>) -> Result<()> {
    for order in orders {
        table.put(order.id, order)?;
    }
    Ok(())
}

const ORDERS: &str = "kistype: flow
status: 1
flow_name: Orders
lanes: 2
flows:
  - fname: cli_cap
    params: { most: '${env:CLI_MOST:-100}' }
  - fname: cli_orders
---
kistype: source
sname: orders
flow: Orders
type: file
key: ${env:CLI_ORDERS:-orders.jsonl}
---
kistype: flow
status: 1
flow_name: Typed
lanes: 1
flows: [ { fname: cli_cap, params: { most: '${env:CLI_MOST:-100}' } }, { fname: cli_orders } ]
---
kistype: source
sname: typed
flow: Typed
type: stdin
format: json
---
kistype: global
checkpoint: { every: 5ms }
";

const NOW: FlowSet = FlowSet {
    files: &[("conf/orders.yml", ORDERS)],
    ..FlowSet::empty()
};

/// Runs a command on the folder's store; gives its exit code, and both streams.
fn run(temp: &Path, args: &[&str]) -> (Exit, String) {
    run_of(NOW, temp, args)
}

fn run_of(flows: FlowSet, temp: &Path, args: &[&str]) -> (Exit, String) {
    let set = format!("--set=CLI_ORDERS={}", temp.join("orders.jsonl").display());
    let store = format!("--store={}", temp.join("store").display());
    let (exit, out, err) = app(App::new(flows), &[args, &[&set, &store]].concat());
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

/// A folder with orders of which four are too high, whose flow has run once.
fn ran() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    let amounts = [90, 120, 80, 300, 900, 20, 500];
    let rows = amounts.iter().enumerate().map(|(id, amount)| {
        let user = ["ann", "bob"][id % 2];
        format!("{{\"id\":{id},\"user\":\"{user}\",\"amount\":{amount}}}\n")
    });
    let text = rows.collect::<String>() + "{\"id\":7,\"user\":\"cid\",\"amount\":\"much\"}\n";
    std::fs::write(temp.path().join("orders.jsonl"), text).unwrap();
    let (exit, text) = run(temp.path(), &["run", "--flow", "Orders", "--progress", "never"]);
    assert_eq!(exit, Exit::Ok, "{text}");
    temp
}

/// The ids of the orders that the store holds.
fn saved(temp: &Path) -> Vec<i64> {
    let store = Store::open(&temp.join("store")).unwrap();
    let mut ids = Vec::new();
    store
        .table_scan("CliOrders", |_, row| {
            ids.push(row_as_json(row).unwrap()["id"].as_i64().unwrap());
        })
        .unwrap();
    ids
}

/// Without what differs from run to run: ids, ages, moments, and how wide columns are.
fn steady(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let plain = words.iter().map(|word| {
            let age = word.len() > 1
                && word.ends_with(['s', 'm'])
                && word[..word.len() - 1].bytes().all(|byte| byte.is_ascii_digit());
            let id = [8, 32].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
            match word {
                _ if age => "AGE",
                _ if id => "ID",
                word if word.ends_with('Z') && word.starts_with("20") => "WHEN",
                word => word,
            }
        });
        plain.collect::<Vec<_>>().join(" ") + "\n"
    });
    lines.collect()
}

#[test]
fn letters_are_listed_counted_and_shown() {
    let temp = ran();
    let mut told = texts(
        temp.path(),
        &[
            &["dlq", "ls"],
            &["dlq", "ls", "--limit", "2", "--flow", "Orders"],
            &["dlq", "ls", "--where", "amount>=300", "--where", "user=ann"],
            &["dlq", "ls", "--class", "decode"],
            &["dlq", "ls", "--code", "none"],
            &["dlq", "ls", "--flow", "Order"],
            &["dlq", "stats"],
            &["dlq", "stats", "--where", "id>3"],
        ],
    );
    let (_, json) = run(temp.path(), &["dlq", "ls", "--json", "--where", "id=3"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["row"],
        serde_json::json!({"amount": 300, "id": 3, "user": "bob"})
    );
    let id = json["id"].as_str().unwrap();
    told += &texts(temp.path(), &[&["dlq", "show", id], &["dlq", "show", "ffff"]]);
    insta::assert_snapshot!(steady(&told));
}

#[test]
fn letters_are_removed_when_that_is_said_twice() {
    let temp = ran();
    insta::assert_snapshot!(texts(temp.path(), &[
        &["dlq", "purge"],
        &["dlq", "purge", "--where", "amount>400"],
        &["dlq", "purge", "--where", "amount>400", "--dry-run"],
        &["dlq", "purge", "--where", "amount>400", "--yes"],
        &["dlq", "purge", "--all", "--dry-run"],
        &["dlq", "purge", "--flow", "Typed", "--yes"],
        &["dlq", "purge", "--flow", "Orders", "--class", "decode", "--yes"],
        &["dlq", "purge", "--all", "--yes"],
        &["dlq", "ls"],
        &["dlq", "stats"],
        &["dlq", "redrive"],
        &["dlq", "purge", "--where", "amount", "--yes"],
    ]), @r#"
    $ dlq purge -> 2
    error: say which letters: by --flow, --step, --class, --code, --where or --id; or --all
    $ dlq purge --where amount>400 -> 2
    error: this would remove 2 dead letters for good; say --yes to do it
    $ dlq purge --where amount>400 --dry-run -> 0
    would remove 2 dead letters
    $ dlq purge --where amount>400 --yes -> 0
    removed 2 dead letters
    $ dlq purge --all --dry-run -> 0
    would remove 3 dead letters
    $ dlq purge --flow Typed --yes -> 0
    removed 0 dead letters
    $ dlq purge --flow Orders --class decode --yes -> 0
    removed 1 dead letter
    $ dlq purge --all --yes -> 0
    removed 2 dead letters
    $ dlq ls -> 0
    no dead letters
    $ dlq stats -> 0
    no dead letters
    $ dlq redrive -> 0
    no dead letters
    $ dlq purge --where amount --yes -> 2
    error: invalid value 'amount' for '--where <FIELD=VALUE>': write FIELD=VALUE, or with != < <= > >= instead of =

    For more information, try '--help'.
    "#);
}

#[test]
fn letters_are_sent_in_again_without_their_sources() {
    let temp = ran();
    insta::assert_snapshot!(texts(temp.path(), &[
        &["dlq", "redrive", "--dry-run"],
        &["dlq", "redrive", "--where", "amount<200", "--set=CLI_MOST=200"],
        &["dlq", "redrive", "--flow", "Orders", "--limit", "1", "--rate", "1000/s"],
        &["dlq", "redrive", "--max-replays", "1", "--set=CLI_MOST=500"],
        &["dlq", "redrive", "--rate", "often"],
    ]), @r#"
    $ dlq redrive --dry-run -> 0
    Orders: would send in 4 dead letters
    Orders: 1 dead letter could not be sent in: cannot be read as Order: invalid type: string "much", expected i64 at line 1 column 36
    $ dlq redrive --where amount<200 --set=CLI_MOST=200 -> 0
    Orders: sent in 1 dead letter
    $ dlq redrive --flow Orders --limit 1 --rate 1000/s -> 0
    Orders: sent in 1 dead letter; 1 failed again
    Orders: 1 dead letter cannot be sent in: cannot be read as Order: invalid type: string "much", expected i64 at line 1 column 36
    $ dlq redrive --max-replays 1 --set=CLI_MOST=500 -> 0
    Orders: sent in 2 dead letters; 1 failed again
    Orders: left 1 dead letter that were sent in as often as --max-replays says
    Orders: 1 dead letter cannot be sent in: cannot be read as Order: invalid type: string "much", expected i64 at line 1 column 36
    $ dlq redrive --rate often -> 2
    error: invalid value 'often' for '--rate <N/s>': write how many a second, such as 200/s

    For more information, try '--help'.
    "#);
    assert_eq!(saved(temp.path()), [0, 1, 2, 5, 6]);
    let (exit, text) = run(temp.path(), &["run", "--flow", "Orders", "--progress", "never"]);
    assert!(text.contains("nothing new"), "{text}");
    assert_eq!(exit, Exit::Ok);
}

#[test]
fn a_row_that_stops_its_flow_is_skipped() {
    let temp = ran();
    let run_on = ["run", "--flow", "Orders", "--fresh", "--progress", "never"];
    let text = ORDERS.replacen("lanes: 2\n", "lanes: 2\non_error: { reject: stop }\n", 1);
    let files = [("conf/orders.yml", &*text.leak())];
    let stops = FlowSet {
        files: Vec::from(files).leak(),
        ..FlowSet::empty()
    };
    let (exit, text) = run_of(stops, temp.path(), &run_on);
    assert_eq!(exit, Exit::Failed);
    assert!(
        text.contains("Orders: step cli_cap: order 1 of bob is above 100 of TEMP/orders.jsonl:2 (too_high)"),
        "{text}"
    );
    let file = temp.path().join("orders.jsonl");
    let file = file.to_str().unwrap();
    let skip = |row: &[&str]| texts(temp.path(), &[&[&["dlq", "skip", "Orders"], row].concat()]);
    insta::assert_snapshot!(
        skip(&[&format!("{file}:2")]) + &skip(&[&format!("orders/{file}"), "4"]) + &skip(&[file, "5"]) + &skip(&[file, "7"])
            + &texts(temp.path(), &[&["dlq", "skip", "Order", "x:1"]]),
        @r#"
    $ dlq skip Orders TEMP/orders.jsonl:2 -> 0
    the row TEMP/orders.jsonl:2 of flow Orders becomes a dead letter at the next start if it would stop the flow
    $ dlq skip Orders orders/TEMP/orders.jsonl 4 -> 0
    the row TEMP/orders.jsonl:4 of flow Orders becomes a dead letter at the next start if it would stop the flow
    $ dlq skip Orders TEMP/orders.jsonl 5 -> 0
    the row TEMP/orders.jsonl:5 of flow Orders becomes a dead letter at the next start if it would stop the flow
    $ dlq skip Orders TEMP/orders.jsonl 7 -> 0
    the row TEMP/orders.jsonl:7 of flow Orders becomes a dead letter at the next start if it would stop the flow
    $ dlq skip Order x:1 -> 2
    error: there is no flow Order; did you mean Orders? (known: Orders, Typed)
    "#
    );
    let (exit, text) = run_of(stops, temp.path(), &run_on);
    assert_eq!(exit, Exit::Ok, "{text}");
    assert_eq!(saved(temp.path()), [0, 2, 5]);
}

/// Names the store with which another process, which runs one test of this program, is to run a flow.
const RUN: &str = "KIS_TEST_RUNS_FLOW";

/// What that process does: it reads orders from its input until that ends.
#[test]
fn runs_a_flow_for_another_test() {
    if let Some(dir) = std::env::var_os(RUN) {
        let store = format!("--store={}", Path::new(&dir).display());
        let set = std::env::var("KIS_TEST_MOST").unwrap();
        let set = format!("--set=CLI_MOST={set}");
        let flow = App::new(NOW).on_start(|| async {
            // Behind the line with which the test's own run begins.
            std::io::stdout().write_all(b"\nstarts\n")?;
            Ok(std::io::stdout().flush()?)
        });
        let (exit, out, err) = app(flow, &["run", "--progress=never", "--flow=Typed", &store, &set]);
        assert_eq!(exit, Exit::Ok, "{out}{err}");
    }
}

/// Starts that process; its control socket is there when it has said something.
fn other(temp: &Path, most: &str) -> Child {
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "cli::tests::dlq::runs_a_flow_for_another_test",
            "--nocapture",
        ])
        .env(RUN, temp.join("store"))
        .env("KIS_TEST_MOST", most)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "starts"), "it never started");
    // What it says further is of no interest, but it must be able to say it.
    std::thread::spawn(move || lines.for_each(drop));
    other
}

#[test]
fn letters_are_sent_in_again_through_the_process_that_runs_the_flow() {
    let temp = tempfile::tempdir().unwrap();
    let order = |id: i64, amount: i64| format!("{{\"id\":{id},\"user\":\"ann\",\"amount\":{amount}}}\n");
    let first: String = (0..20).map(|id| order(id, id * 10)).collect();
    let mut low = other(temp.path(), "100");
    low.stdin.take().unwrap().write_all(first.as_bytes()).unwrap();
    assert!(low.wait().unwrap().success());
    assert_eq!(saved(temp.path()), (0..=10).collect::<Vec<_>>());

    // It takes amounts up to 150, and runs on until its input ends.
    let mut high = other(temp.path(), "150");
    let mut input = high.stdin.take().unwrap();
    let more = order(20, 7) + &order(21, 900);
    input.write_all(more.as_bytes()).unwrap();
    let mut next = 100;
    let ls = || run(temp.path(), &["dlq", "ls", "--json"]).1;
    // The process has the store as soon as it says something, and its socket a moment later.
    while ls().lines().filter(|line| line.starts_with('{')).count() < 10 {
        // What stands in a pipe may wait for what comes behind it.
        input.write_all(order(next, 1).as_bytes()).unwrap();
        next += 1;
    }
    let socket = temp.path().join("store").join("control.sock");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    insta::assert_snapshot!(steady(&texts(temp.path(), &[
        &["dlq", "redrive", "--dry-run"],
        &["dlq", "redrive", "--where", "id>=11", "--where", "id<=17"],
        &["dlq", "redrive", "--flow", "Orders"],
        &["dlq", "redrive", "--flow", "Type"],
        &["dlq", "skip", "Typed", "stdin:4"],
        &["dlq", "stats"],
        &["dlq", "purge", "--where", "id=21", "--yes"],
        &["dlq", "ls"],
    ])), @r#"
    $ dlq redrive --dry-run -> 0
    Typed: would send in 10 dead letters
    $ dlq redrive --where id>=11 --where id<=17 -> 0
    Typed: sent in 7 dead letters; 2 failed again
    $ dlq redrive --flow Orders -> 2
    error: there is no flow Orders; known: Typed
    $ dlq redrive --flow Type -> 2
    error: there is no flow Type; did you mean Typed? (known: Typed)
    $ dlq skip Typed stdin:4 -> 1
    error: flow Typed is running; a row can be skipped while it is stopped
    $ dlq stats -> 0
    FLOW STEP CLASS CODE LETTERS SENT AGAIN OLDEST NEWEST
    Typed cli_cap reject too_high 5 2 AGE AGE
    $ dlq purge --where id=21 --yes -> 0
    removed 1 dead letter
    $ dlq ls -> 0
    ID FLOW STEP CLASS CODE ORIGIN AGE REPLAYS MESSAGE
    ID Typed cli_cap reject too_high stdin:17 AGE 1 order 16 of ann is above 150
    ID Typed cli_cap reject too_high stdin:18 AGE 1 order 17 of ann is above 150
    ID Typed cli_cap reject too_high stdin:19 AGE 0 order 18 of ann is above 100
    ID Typed cli_cap reject too_high stdin:20 AGE 0 order 19 of ann is above 100
    "#);
    drop(input);
    assert!(high.wait().unwrap().success());
    assert!(!socket.exists());
    // Those that were too high at first and are not now are there, each once.
    let mut expect: Vec<i64> = (0..=15).collect();
    expect.extend((20..21).chain(100..next));
    assert_eq!(saved(temp.path()), expect);
    let (_, text) = run(temp.path(), &["dlq", "ls", "--json"]);
    assert_eq!(text.lines().count(), 4, "{text}");
}
