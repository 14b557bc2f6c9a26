//! The measurements of `cargo xtask bench`: flows against hand-written loops, in one run, as Markdown tables.
#![expect(clippy::print_stdout, reason = "the tables go to the standard output")]

use std::{error::Error, fs, path::Path};

use kis_core::prelude::*;

pub mod chain;
pub mod child;
pub mod durable;
pub mod first_row;
#[path = "../flights/functions/mod.rs"]
pub mod main_job;
pub mod many;
pub mod points;
#[path = "../flights/rows.rs"]
pub mod rows;
pub mod student;

use child::{Measured, fastest};

/// The measured flows.
pub const FLOWS: FlowSet = flows!(
    "src/bin/bench/conf",
    functions = [
        crate::student,
        crate::points,
        crate::durable,
        crate::many,
        crate::first_row,
        crate::main_job
    ]
);

/// How much is measured.
struct Size {
    /// Rows of the student job, and of the flow with keyed steps.
    rows: u64,
    /// Rows of the flow whose peak of memory is measured; then ten times as many.
    few: u64,
    /// Flows in one process.
    flows: u64,
    /// Each process is run so often, and its fastest run counts.
    times: u32,
    /// Each chain of steps is run so often.
    runs: usize,
}

const FULL: Size = Size {
    rows: 5_000_000,
    few: 2_000_000,
    flows: 10_000,
    times: 3,
    runs: 400,
};

/// For trying the frame out.
const QUICK: Size = Size {
    rows: 100_000,
    few: 100_000,
    flows: 100,
    times: 1,
    runs: 20,
};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let code = match args.as_slice() {
        ["run", ..] => kis_core::main(FLOWS),
        ["loop", input, output] => {
            student::by_hand(Path::new(input), Path::new(output))?;
            ExitCode::SUCCESS
        }
        ["redb", rows] => {
            durable::bare(Path::new("bare.redb"), rows.parse()?)?;
            ExitCode::SUCCESS
        }
        ["--quick"] => return tables(&QUICK),
        [] => return tables(&FULL),
        _ => return Err("arguments: nothing, or --quick".into()),
    };
    child::say_cost()?;
    Ok(code)
}

fn tables(size: &Size) -> Result<ExitCode, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    jobs(size, dir.path())?;
    println!();
    chains(size, dir.path())?;
    println!();
    durable(size, dir.path())?;
    Ok(ExitCode::SUCCESS)
}

/// Whole processes, from start to end.
fn jobs(size: &Size, dir: &Path) -> Result<(), Box<dyn Error>> {
    student::generate(&dir.join("scores.jsonl"), size.rows)?;
    let by_hand = fastest(size.times, 1, dir, &["loop", "scores.jsonl", "by_hand.jsonl"])?;
    let one = flow(size, 1, dir, "student", &[])?;
    let two = flow(size, 2, dir, "student", &["--set", "WORKERS=2"])?;
    same_lines(dir)?;
    let few = flow(size, 2, dir, "plain", &["--set", &format!("ROWS={}", size.few)])?;
    let many = flow(
        size,
        2,
        dir,
        "plain",
        &["--set", &format!("ROWS={}", 10 * size.few)],
    )?;
    let first = first_flight(size, dir)?;

    let millions = |measured: Measured| size.rows as f64 / measured.took.as_secs_f64() / 1e6;
    let ratio = |measured: Measured| by_hand.took.as_secs_f64() / measured.took.as_secs_f64();
    println!(
        "| the student job, file to file, {} rows | million rows/s | to the loop |",
        count(size.rows)
    );
    println!("|---|---:|---:|");
    println!(
        "| hand-written loop with serde_json, one core | {:.2} | 1.00 |",
        millions(by_hand)
    );
    println!("| flow on one core | {:.2} | {:.2} |", millions(one), ratio(one));
    println!("| flow on two cores | {:.2} | {:.2} |", millions(two), ratio(two));
    println!();
    println!("| memory and start | |");
    println!("|---|---:|");
    println!("| peak memory, {} rows | {} |", count(size.few), mib(few.peak));
    println!(
        "| peak memory, {} rows | {} |",
        count(10 * size.few),
        mib(many.peak)
    );
    println!(
        "| `flights`, from the start of the process to the first flight | {:.0} ms |",
        first.took.as_secs_f64() * 1e3
    );
    Ok(())
}

/// What steps cost.
fn chains(size: &Size, dir: &Path) -> Result<(), Box<dyn Error>> {
    let costs = chain::costs(size.runs).map_err(|error| error.to_string())?;
    let rows = format!("ROWS={}", size.rows);
    let plain = flow(size, 1, dir, "plain", &["--set", &rows])?;
    let keyed = flow(size, 1, dir, "keyed", &["--set", &rows])?;
    let keyed = (keyed.worked.as_secs_f64() - plain.worked.as_secs_f64()) * 1e9 / (8 * size.rows) as f64;

    println!(
        "| one step, counters on | ns per row, batches of 1,000 | above the bare loop | ns, batches of 1 |"
    );
    println!("|---|---:|---:|---:|");
    for cost in &costs {
        println!(
            "| {} | {:.2} | {:.2} | {:.0} |",
            cost.form,
            cost.thousand,
            cost.thousand - cost.bare,
            cost.one
        );
    }
    println!(
        "| `&T, &mut S`: state by key, 1,000 keys | {keyed:.2} | {:.2} | |",
        keyed - costs[0].bare
    );
    Ok(())
}

/// What it costs that nothing is lost, and what a flow takes that does nothing.
fn durable(size: &Size, dir: &Path) -> Result<(), Box<dyn Error>> {
    let rows = format!("ROWS={}", size.rows);
    let keyed = flow(size, 2, dir, "durable", &["--set", &rows])?;
    let unique = flow(size, 2, dir, "unique", &["--set", &rows])?;
    let mut bare = None;
    for _ in 0..size.times {
        // A database that is there already takes the rows faster.
        let _ = fs::remove_file(dir.join("bare.redb"));
        let now = fastest(1, 1, dir, &["redb", &size.rows.to_string()])?;
        bare = bare.filter(|best: &Measured| best.took < now.took).or(Some(now));
    }
    let bare = bare.ok_or("nothing was measured")?;
    let one = many_flows(size, dir, 1)?;
    let many = many_flows(size, dir, size.flows)?;

    let millions = |measured: Measured| size.rows as f64 / measured.took.as_secs_f64() / 1e6;
    println!(
        "| nothing is lost, {} rows, a cut each second, two cores | |",
        count(size.rows)
    );
    println!("|---|---:|");
    println!(
        "| state by key, 100,000 keys | {:.2} million rows/s |",
        millions(keyed)
    );
    println!(
        "| the longest time that its lane stood still | {:.1} ms |",
        keyed.gap.unwrap_or_default().as_secs_f64() * 1e3
    );
    println!(
        "| a table, each row under a key of its own | {:.2} million rows/s |",
        millions(unique)
    );
    println!(
        "| the same writes straight into the database, one core | {:.2} million rows/s |",
        millions(bare)
    );
    println!(
        "| {} flows, from the start of the process until all run | {:.0} ms |",
        count(size.flows),
        many.took.as_secs_f64() * 1e3
    );
    println!(
        "| memory of each of them | {:.1} KiB |",
        many.peak.saturating_sub(one.peak) as f64 / (size.flows - 1) as f64 / 1024.0
    );
    Ok(())
}

/// So many flows that wait for rows.
fn many_flows(size: &Size, dir: &Path, flows: u64) -> Result<Measured, Box<dyn Error>> {
    let conf = format!("many_{flows}");
    many::write_conf(&dir.join(&conf), flows)?;
    let flows = format!("{}={flows}", many::FLOWS);
    let args = ["run", "--fresh", "--progress", "never", "--conf", &conf];
    Ok(fastest(
        size.times,
        2,
        dir,
        &[&["env", &flows], &args[..]].concat(),
    )?)
}

/// A flow of [`FLOWS`], each time with a store of its own.
fn flow(
    size: &Size,
    cores: usize,
    dir: &Path,
    name: &str,
    more: &[&str],
) -> Result<Measured, Box<dyn Error>> {
    let mut args = vec!["run", "--fresh", "--progress", "never", "--flow", name];
    args.extend(more);
    if !more.iter().any(|arg| arg.starts_with("WORKERS")) {
        args.extend(if cores == 1 {
            ["--set", "WORKERS=1"]
        } else {
            ["--set", "WORKERS=2"]
        });
    }
    Ok(fastest(size.times, cores, dir, &args)?)
}

/// The flow wrote what the loop wrote.
fn same_lines(dir: &Path) -> Result<(), Box<dyn Error>> {
    if fs::read(dir.join("averages.jsonl"))? != fs::read(dir.join("by_hand.jsonl"))? {
        return Err("the flow and the loop wrote different files".into());
    }
    Ok(())
}

/// The main job with its data, until its first flight.
fn first_flight(size: &Size, dir: &Path) -> Result<Measured, Box<dyn Error>> {
    let conf = dir.join("conf");
    first_row::write_conf(&conf)?;
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
    let sets = [
        format!("FLIGHTS={data}/flights-2013-01.csv.gz"),
        format!("AIRLINES={data}/airlines.csv"),
        format!("PLANES={data}/planes.csv"),
    ];
    let mut args = vec!["run", "--fresh", "--progress", "never", "--conf", "conf"];
    args.extend(sets.iter().flat_map(|set| ["--set", set]));
    Ok(fastest(size.times, 2, dir, &args)?)
}

fn count(rows: u64) -> String {
    if rows >= 1_000_000 {
        format!("{} million", rows / 1_000_000)
    } else {
        format!("{} thousand", rows / 1_000)
    }
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
