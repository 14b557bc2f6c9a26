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
        ..Flow::default()
    });
    jump(&job, 0);
    let Some(mut process) = start(&job) else { return };
    let cuts = |process: &Process| process.metric("kis_cuts_total").unwrap_or_default();
    // State lives for a year, so no jump may let it go.
    let jumps = [HOUR, -HOUR, 48 * HOUR, -10 * 365 * 24 * HOUR, 24 * HOUR, 0];
    for seconds in jumps {
        jump(&job, seconds);
        let before = cuts(&process);
        // Cuts go on whatever the time of day.
        let went_on = process.until("the next cuts", |process| cuts(process) >= before + 2.0);
        assert!(went_on, "the flow needs more rows: {}", process.said());
    }
    jump(&job, 48 * HOUR);
    process.until("the next cut", |process| cuts(process) > 14.0);
    process.kill();
    // The next start finds a clock that is behind its last cut.
    jump(&job, -48 * HOUR);
    start(&job).unwrap().wait().with(0);
    let out = job.out();
    let letters = job.letters();
    Oracle::without(&job, |item| item.seq % 100 == 0)
        .each_once_in_order(&out)
        .letters(&letters, "reject");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let shifted = letters
        .iter()
        .filter(|letter| (letter.first_ms as i64 - now).abs() > HOUR * 500);
    assert!(shifted.count() > 0, "the process saw the shifted clock");
}
