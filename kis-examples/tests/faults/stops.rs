//! Signals under load, and their exit codes.

use crate::{
    job::{Flow, Job},
    oracle::Oracle,
    process::Process,
    scale::{Random, scaled},
};

fn job(steps: Vec<(&'static str, &'static str)>, drain: &'static str) -> Job {
    Job::new(Flow {
        rows: 20_000,
        steps,
        drain,
        settings: "limits: { step_timeout: none }".to_owned(),
        ..Flow::default()
    })
}

#[test]
fn sigterm_under_load_drains() {
    let mut random = Random::of("sigterm_under_load_drains");
    let job = job(
        vec![
            ("count", ""),
            ("dawdles", "millis: 2"),
            ("count_group", ""),
            ("write", ""),
        ],
        "30s",
    );
    for _ in 0..scaled(3, 10) {
        let before = job.written();
        let target = before + random.below(50_000);
        let mut process = job.start();
        if !process.until("rows that are written", |_| job.written() > target) {
            break;
        }
        process.signal("TERM");
        let ended = process.wait().with(0);
        if ended.stderr.contains(" ended ") {
            // The signal came behind the last row.
            break;
        }
        ended.saying("every row that was taken is committed");
    }
    job.run().with(0);
    let out = job.out();
    Oracle::of(&job)
        .each_once_in_order(&out)
        .counted(&out)
        .counted_by_group(&out);
}

#[test]
fn a_drain_that_takes_too_long_ends_with_75() {
    let job = job(
        vec![("count", ""), ("hangs", "every: 10"), ("write", "")],
        "300ms",
    );
    let mut process = job.start();
    read_rows_that_hang(&mut process);
    process.signal("TERM");
    process.wait().with(75).saying("the time to drain was over");
    all_are_there_at_last(job);
}

#[test]
fn a_second_signal_stops_at_once() {
    let job = job(vec![("count", ""), ("hangs", "every: 10"), ("write", "")], "30s");
    let mut process = job.start();
    read_rows_that_hang(&mut process);
    process.signal("TERM");
    process.until("the drain", |p| p.said().contains("draining"));
    process.signal("TERM");
    process.wait().with(1).saying("stopping now");
    all_are_there_at_last(job);
}

/// Waits until some key has ten rows among those that were read.
fn read_rows_that_hang(process: &mut Process) {
    process.until("rows that are read", |p| {
        p.metric("kis_source_received_rows_total") >= Some(600.0)
    });
}

/// Behind the stop: without the step that hangs, every row comes to its end.
fn all_are_there_at_last(job: Job) {
    let mut flow = job.flow.clone();
    flow.steps[1].1 = "";
    let job = job.configure(flow);
    job.run().with(0);
    let out = job.out();
    Oracle::of(&job).each_once_in_order(&out).counted(&out);
}
