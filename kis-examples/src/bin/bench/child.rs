//! Each measurement is a process of its own: nothing is warm, and its peak of memory is its own.

use std::{
    io,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use super::durable;

/// How a process went.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// From its start to its end.
    pub took: Duration,
    /// The time that its threads worked.
    pub worked: Duration,
    /// Its peak of resident memory, in bytes.
    pub peak: u64,
    /// The longest time that a watched lane stood still.
    pub gap: Option<Duration>,
}

/// Runs this program with other arguments, on so many cores, in a folder; gives the fastest of some runs. Arguments that
/// begin with `env NAME=VALUE` set a variable for it.
pub fn fastest(times: u32, cores: usize, dir: &Path, args: &[&str]) -> io::Result<Measured> {
    let mut fastest: Option<Measured> = None;
    for _ in 0..times {
        let now = measure(cores, dir, args)?;
        if fastest.is_none_or(|best| now.took < best.took) {
            fastest = Some(now);
        }
    }
    fastest.ok_or_else(|| io::Error::other("nothing was measured"))
}

fn measure(cores: usize, dir: &Path, args: &[&str]) -> io::Result<Measured> {
    let last = cores - 1;
    let (env, args) = match args {
        ["env", variable, rest @ ..] => (variable.split_once('='), rest),
        args => (None, args),
    };
    let started = Instant::now();
    let output = Command::new("taskset")
        .args(["-c", &format!("0-{last}")])
        .arg(std::env::current_exe()?)
        .args(args)
        .envs(env)
        .env(STARTED, micros().to_string())
        .current_dir(dir)
        .stderr(Stdio::piped())
        .output()?;
    let took = started.elapsed();
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("{args:?}: {}\n{stderr}", output.status)));
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    let said = |what: &str| {
        stdout
            .lines()
            .find_map(|line| line.strip_prefix(what)?.parse::<u64>().ok())
    };
    let missing = || io::Error::other(format!("{args:?} did not say what it took"));
    Ok(Measured {
        took: said(FIRST_ROW).map_or(took, Duration::from_micros),
        worked: Duration::from_millis(said(WORKED).ok_or_else(missing)?),
        gap: said(GAP).map(Duration::from_micros),
        peak: said(PEAK).ok_or_else(missing)?,
    })
}

/// The environment variable that tells a child when it was started, in microseconds since 1970.
const STARTED: &str = "KIS_BENCH_STARTED";
const PEAK: &str = "peak of memory: ";
const WORKED: &str = "threads worked, in ms: ";
const GAP: &str = "longest gap: ";
const FIRST_ROW: &str = "first row after: ";

/// What a child says at its end: its peak of memory, and how long its threads worked.
pub fn say_cost() -> io::Result<()> {
    let wrong = || io::Error::other("/proc/self does not say what the process took");
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| {
        let kib = line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim();
        kib.parse::<u64>().ok()
    });
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // Behind the program's name in brackets; user and system time are the 12th and 13th field there, in 1/100 s.
    let times = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace());
    let ticks: Vec<u64> = times
        .ok_or_else(wrong)?
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    if let Some(gap) = durable::longest_gap() {
        println!("{GAP}{}", gap.as_micros());
    }
    println!("{PEAK}{}", peak.ok_or_else(wrong)? * 1024);
    println!("{WORKED}{}", ticks.iter().sum::<u64>() * 10);
    Ok(())
}

/// What a child says at its first row: the time since the parent started it.
pub fn say_first_row() {
    let started = std::env::var(STARTED)
        .ok()
        .and_then(|started| started.parse::<u128>().ok());
    if let Some(started) = started {
        println!("{FIRST_ROW}{}", micros().saturating_sub(started));
    }
}

fn micros() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros())
}
