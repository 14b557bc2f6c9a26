//! Steps and sinks that cannot keep up with the source, or are not there at all.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

use crate::{
    job::{Flow, Job},
    oracle::{Oracle, name},
    process::Process,
    scale::{lasting, pass},
};

/// More than a process needs that holds a bounded number of rows, and less than all rows take.
const MEMORY: u64 = 128 << 20;

/// What may be on its way at a time, by the flow's own setting.
const LIMIT: u64 = 1 << 20;

/// A fault of all rows, which looks like that of each, pauses the flow: it does not become a flood of dead letters.
#[test]
fn a_fault_of_all_rows_is_no_flood_of_dead_letters() {
    let job = Job::new(Flow {
        rows: 60_000,
        steps: vec![
            ("count", ""),
            ("dawdles", "millis: 1"),
            ("blame_rows", ""),
            ("write", ""),
        ],
        settings: "on_error: { budget: { error_ratio: 0.5, over: 1s } }".to_owned(),
        ..Flow::default()
    });
    let mut process = job.start();
    process.until("rows that are written", |_| job.written() > 100_000);
    fs::write(job.path("gate-is-shut"), "").unwrap();
    process.until("a flow that is not ready", |p| {
        p.get("/readyz").is_some_and(|answer| answer.contains("503"))
    });
    pass(lasting(Duration::from_secs(1), Duration::from_secs(60)));
    fs::remove_file(job.path("gate-is-shut")).unwrap();
    process.wait().with(0);
    let (out, letters) = (job.out(), job.letters());
    assert!(
        (1..10_000).contains(&letters.len()),
        "{} dead letters",
        letters.len()
    );
    let dead: BTreeSet<_> = letters.iter().map(name).collect();
    Oracle::without(&job, |item| dead.contains(&(item.key, item.seq)))
        .each_once_in_order(&out)
        .letters(&letters, "reject");
}

fn job(steps: Vec<(&'static str, &'static str)>) -> Job {
    Job::new(Flow {
        rows: 150_000,
        batch: 500,
        steps,
        settings: format!(
            "limits: {{ bytes: {LIMIT}B }}\non_error: {{ retry: {{ attempts: 2, backoff: 1ms..2ms }}, budget: none }}"
        ),
        ..Flow::default()
    })
}

/// For so long, the rows on their way and the memory stay below their bounds.
fn watch(process: &mut Process, time: Duration) {
    let started = Instant::now();
    while started.elapsed() < time {
        assert!(!process.has_ended(), "{}", process.said());
        let inflight = process.metric("kis_inflight_bytes").unwrap_or_default();
        assert!(
            inflight <= (2 * LIMIT) as f64,
            "{inflight} bytes are on their way"
        );
        let memory = process.peak_memory().unwrap_or_default();
        assert!(memory < MEMORY, "{memory} bytes of memory");
        pass(Duration::from_millis(20));
    }
}

#[test]
fn a_step_that_is_slower_than_the_source_for_a_minute() {
    let time = lasting(Duration::from_secs(2), Duration::from_secs(60));
    let slow = format!("millis: 20, until: {}", time.as_millis());
    let job = job(vec![("count", ""), ("dawdles", slow.leak()), ("write", "")]);
    let mut process = job.start();
    watch(&mut process, time);
    process.wait().with(0);
    let out = job.out();
    Oracle::of(&job)
        .each_once_in_order(&out)
        .counted(&out)
        .letters(&job.letters(), "");
}

#[test]
fn a_sink_that_is_down_for_a_minute() {
    let job = job(vec![("count", ""), ("pass", ""), ("write", "")]);
    let mut process = job.start();
    process.until("rows that are written", |_| job.written() > 1_000);
    fs::write(job.path("gate-is-shut"), "").unwrap();
    process.until("the gate", |p| p.said().contains("the gate is shut"));
    watch(
        &mut process,
        lasting(Duration::from_secs(2), Duration::from_secs(60)),
    );
    let (before, after) = (job.written(), Duration::from_millis(100));
    pass(after);
    assert_eq!(job.written(), before, "nothing passes a gate that is shut");
    fs::remove_file(job.path("gate-is-shut")).unwrap();
    process.wait().with(0);
    let out = job.out();
    Oracle::of(&job)
        .each_once_in_order(&out)
        .counted(&out)
        .letters(&job.letters(), "");
}
