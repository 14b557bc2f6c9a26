//! The main job's figures are those that SQL computes over the same files.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use flate2::read::GzDecoder;
use kis_core::conn::{Store, row_as_json};
use rusqlite::{Connection, params_from_iter};

use crate::page::root;

/// What is known of a carrier: its name, its flights, their mean delay, the share of late ones, the age of its planes.
#[derive(Debug, PartialEq)]
struct Figures {
    name: String,
    flights: u64,
    mean_delay: f64,
    late_share: f64,
    plane_age: Option<f64>,
}

#[test]
fn january_is_what_sql_says() {
    check(&data("flights-2013-01.csv.gz"));
}

/// The year is not in the repository: it is read where `FLIGHTS_2013` says, or as `data/flights.csv`.
#[test]
fn the_year_is_what_sql_says() {
    let year = std::env::var_os("FLIGHTS_2013").map_or_else(|| data("flights.csv"), PathBuf::from);
    if year.exists() {
        check(&year);
    }
}

#[test]
fn unreadable_rows_become_dead_letters() {
    let dir = tempfile::tempdir().unwrap();
    let mut lines = text(&data("flights-2013-01.csv.gz"));
    lines.truncate(1000);
    lines.push(
        "2013,1,1,one,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z".to_owned(),
    );
    lines.push("2013,1,1".to_owned());
    let file = dir.path().join("flights.csv");
    fs::write(&file, lines.join("\n")).unwrap();

    let output = run(dir.path(), &file, &["--fail-on-dead"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let db = database(&lines[..1000]);
    assert_counts(&stderr(&output), 1001, cancelled(&db), 2);
    assert_eq!(carriers(dir.path()), by_sql(&db));
}

#[test]
fn a_second_run_has_nothing_new_unless_it_is_told_to_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let january = data("flights-2013-01.csv.gz");
    let first = run(dir.path(), &january, &[]);
    let second = run(dir.path(), &january, &[]);
    let fresh = run(dir.path(), &january, &["--fresh"]);
    assert!(first.status.success() && second.status.success() && fresh.status.success());
    assert!(!first.stdout.is_empty());
    assert!(stderr(&second).contains("nothing new"), "{}", stderr(&second));
    assert_eq!(String::from_utf8_lossy(&second.stdout), "");
    assert_eq!(fresh.stdout, first.stdout);
}

/// Runs the job over the file, and compares everything that it says with what SQL says.
fn check(flights: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let lines = text(flights);
    let db = database(&lines);
    let output = run(dir.path(), flights, &["--fail-on-dead"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_counts(&stderr(&output), lines.len() as u64 - 1, cancelled(&db), 0);

    let expected = by_sql(&db);
    assert_eq!(carriers(dir.path()), expected);
    assert_eq!(String::from_utf8_lossy(&output.stdout), ranking(&expected));
}

/// The summary's line of the flow `flights`.
fn assert_counts(summary: &str, rows: u64, cancelled: u64, dead: u64) {
    let line = summary
        .lines()
        .find(|line| line.starts_with("flights "))
        .expect(summary);
    let numbers: Vec<u64> = line
        .split_whitespace()
        .filter_map(|word| word.replace(',', "").parse().ok())
        .collect();
    assert_eq!(
        numbers[..4],
        [rows, rows - cancelled - dead, cancelled, dead],
        "{summary}"
    );
}

/// What the program prints: the most punctual carrier first.
fn ranking(carriers: &BTreeMap<String, Figures>) -> String {
    let mut ranked: Vec<_> = carriers.iter().collect();
    ranked.sort_by(|(_, a), (_, b)| a.mean_delay.total_cmp(&b.mean_delay));
    let mut text = format!(
        "{:<7} {:<28} {:>8} {:>10} {:>7}\n",
        "carrier", "name", "flights", "mean delay", "late"
    );
    for (carrier, of) in ranked {
        let (name, flights, delay, late) = (&of.name, of.flights, of.mean_delay, of.late_share * 100.0);
        text += &format!("{carrier:<7} {name:<28} {flights:>8} {delay:>10.1} {late:>5.1} %\n");
    }
    text
}

fn run(dir: &Path, flights: &Path, more: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_flights"))
        .current_dir(dir)
        .arg("run")
        .args(more)
        .args(["--set", &format!("FLIGHTS={}", flights.display())])
        .args(["--set", &format!("AIRLINES={}", data("airlines.csv").display())])
        .args(["--set", &format!("PLANES={}", data("planes.csv").display())])
        .output()
        .unwrap()
}

/// What the run left in the table `carriers`.
fn carriers(dir: &Path) -> BTreeMap<String, Figures> {
    let store = Store::open(&dir.join("kis-data/flights")).unwrap();
    let mut carriers = BTreeMap::new();
    let scanned = store.table_scan("carriers", |_, row| {
        let row = row_as_json(row).unwrap();
        let figures = Figures {
            name: row["name"].as_str().unwrap().to_owned(),
            flights: row["flights"].as_u64().unwrap(),
            mean_delay: row["mean_delay"].as_f64().unwrap(),
            late_share: row["late_share"].as_f64().unwrap(),
            plane_age: row["plane_age"].as_f64(),
        };
        carriers.insert(row["carrier"].as_str().unwrap().to_owned(), figures);
    });
    scanned.unwrap();
    carriers
}

/// The same figures, by SQL: sums of whole numbers, so that they are the same to the last bit.
fn by_sql(db: &Connection) -> BTreeMap<String, Figures> {
    let sql = "
        select f.carrier, coalesce(a.name, f.carrier), count(*),
               cast(sum(f.dep_delay) as real) / count(*),
               cast(sum(f.dep_delay > 15) as real) / count(*),
               cast(sum(f.year - p.year) as real) / count(p.year)
        from flights f left join airlines a on a.carrier = f.carrier left join planes p on p.tailnum = f.tailnum
        where f.dep_delay is not null
        group by f.carrier";
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let figures = Figures {
            name: row.get(1)?,
            flights: row.get::<_, i64>(2)? as u64,
            mean_delay: row.get(3)?,
            late_share: row.get(4)?,
            plane_age: row.get(5)?,
        };
        Ok((row.get(0)?, figures))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn cancelled(db: &Connection) -> u64 {
    let sql = "select count(*) from flights where dep_delay is null";
    db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64
}

/// The flights with airlines and planes, as tables of SQLite.
fn database(flights: &[String]) -> Connection {
    let db = Connection::open_in_memory().unwrap();
    let tables = [
        ("flights", flights.to_vec()),
        ("airlines", text(&data("airlines.csv"))),
        ("planes", text(&data("planes.csv"))),
    ];
    for (table, lines) in tables {
        let columns: Vec<String> = lines[0]
            .split(',')
            .map(|name| format!("{name} numeric"))
            .collect();
        let places = vec!["?"; columns.len()].join(", ");
        db.execute_batch(&format!("create table {table} ({})", columns.join(", ")))
            .unwrap();
        db.execute_batch("begin").unwrap();
        let mut insert = db
            .prepare(&format!("insert into {table} values ({places})"))
            .unwrap();
        for line in &lines[1..] {
            let values = line
                .split(',')
                .map(|value| Some(value).filter(|value| !matches!(*value, "" | "NA")));
            insert.execute(params_from_iter(values)).unwrap();
        }
        db.execute_batch("commit").unwrap();
    }
    db
}

/// The lines of a file, unpacked if it is packed.
fn text(path: &Path) -> Vec<String> {
    let file = File::open(path).unwrap();
    let packed = path.extension().is_some_and(|ending| ending == "gz");
    let plain: Box<dyn Read> = if packed {
        Box::new(GzDecoder::new(file))
    } else {
        Box::new(file)
    };
    BufReader::new(plain).lines().map(Result::unwrap).collect()
}

fn data(name: &str) -> PathBuf {
    root().join("kis-examples/data").join(name)
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
