//! A clock that jumps while the process runs: `clock.c` stands before the system's clock.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    job::{Flow, Job},
    oracle::Oracle,
    process::Process,
};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// The job under the shifted clock; nothing where the shim cannot be built.
fn start(job: &Job) -> Option<Process> {
    let shim = job.path("clock.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/clock.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&shim, &source])
        .arg("-ldl")
        .output();
    match built {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("clock.c: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            println!("left out: there is no C compiler: {error}");
            return None;
        }
    }
    let mut command = job.command();
    command
        .env("LD_PRELOAD", &shim)
        .env("FAULTS_CLOCK", job.path("shift"));
    Some(job.start_as(&mut command))
}

/// Sets the clock this far from the real time.
fn jump(job: &Job, seconds: i64) {
    fs::write(job.path("new-shift"), seconds.to_string()).unwrap();
    fs::rename(job.path("new-shift"), job.path("shift")).unwrap();
}

#[test]
fn a_clock_that_jumps() {
    let job = Job::new(Flow {
        rows: 60_000,
        steps: vec![
            ("count", ""),
            ("refuses", "every: 100"),
            ("dawdles", "millis: 2"),
            ("write", ""),
        ],
        // Nor may one let a dead letter go.
        settings: "dead_letter: { max_age: 3650d }".to_owned(),
        ..Flow::default()
    });
    jump(&job, 0);
    let Some(mut process) = start(&job) else { return };
    let cuts = |process: &Process| process.metric("kis_cuts_total").unwrap_or_default();
    // State lives for a year, and no jump forward is that long; one back is longer, and lets nothing go either.
    let jumps = [HOUR, -HOUR, 300 * DAY, -300 * DAY, DAY, 0];
    for seconds in jumps {
        jump(&job, seconds);
        let before = cuts(&process);
        // Cuts go on whatever the time of day.
        let went_on = process.until("the next cuts", |process| cuts(process) >= before + 2.0);
        assert!(went_on, "the flow needs more rows: {}", process.said());
    }
    jump(&job, 2 * DAY);
    process.until("the next cut", |process| cuts(process) > 14.0);
    process.kill();
    // The next start finds a clock that is behind its last cut.
    jump(&job, -2 * DAY);
    start(&job).unwrap().wait().with(0);
    let out = job.out();
    let letters = job.letters();
    Oracle::without(&job, |item| item.seq % 100 == 0)
        .each_once_in_order(&out)
        .letters(&letters, "reject");
    // The rows that are refused are counted before.
    let miscounted = out.iter().find(|item| item.nth != item.seq);
    assert_eq!(miscounted, None, "state was let go");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let shifted = letters
        .iter()
        .filter(|letter| (letter.first_ms as i64 - now).abs() > HOUR * 500);
    assert!(shifted.count() > 0, "the process saw the shifted clock");
}
