//! Rows for which a function panics, hangs, fails for a while and fails for ever.

use crate::{
    job::{Flow, Job},
    oracle::Oracle,
};

const RETRY: &str = "on_error: { retry: { attempts: 3, backoff: 1ms..5ms }, budget: none }";

/// Runs the steps over all rows, and writes what is left.
fn run(steps: &[(&'static str, &'static str)], settings: &str) -> Job {
    let steps = steps.iter().copied().chain([("write", "")]);
    let job = Job::new(Flow {
        steps: steps.collect(),
        settings: settings.to_owned(),
        ..Flow::default()
    });
    job.run().with(0);
    job
}

#[test]
fn one_row_in_a_thousand_panics() {
    for function in ["panics", "panics_on_batch"] {
        // A key has 400 rows, and the keys together have twenty thousand.
        let job = run(&[("count", ""), (function, "every: 200")], RETRY);
        let out = job.out();
        Oracle::without(&job, |item| item.seq % 200 == 0)
            .each_once_in_order(&out)
            .letters(&job.letters(), "panic");
    }
}

#[test]
fn a_row_that_hangs_is_given_up() {
    for function in ["hangs", "blocks"] {
        let settings = format!("{RETRY}\nlimits: {{ step_timeout: 5ms }}");
        let job = run(&[("count", ""), (function, "every: 350")], &settings);
        let out = job.out();
        Oracle::without(&job, |item| item.seq % 350 == 0)
            .each_once_in_order(&out)
            .letters(&job.letters(), "timeout");
    }
}

#[test]
fn what_fails_twice_works_the_third_time() {
    for function in ["fails_at_first", "fails_at_first_on_batch"] {
        let job = run(&[("count", ""), (function, "every: 97, times: 2")], RETRY);
        let out = job.out();
        Oracle::of(&job)
            .each_at_most(1, &out)
            .letters(&job.letters(), "retry");
    }
}

#[test]
fn a_stateful_call_that_fails_counts_once() {
    for function in ["count_and_fail", "count_batch_and_fail"] {
        let job = run(&[(function, "every: 50, times: 2")], RETRY);
        let mut out = job.out();
        Oracle::of(&job)
            .each_at_most(1, &out)
            .letters(&job.letters(), "retry");
        // Whatever the order in which the rows of a key were counted, each was counted once.
        out.sort_by_key(|item| (item.key, item.nth));
        Oracle::of(&job).counted(&out);
    }
}

#[test]
fn a_stateful_call_that_panics_does_not_count() {
    let job = run(&[("count_and_panic", "every: 50")], RETRY);
    let out = job.out();
    Oracle::without(&job, |item| item.seq % 50 == 0)
        .each_once_in_order(&out)
        .counted(&out)
        .letters(&job.letters(), "panic");
}

#[test]
fn one_of_ten_thousand_keys_always_fails() {
    let job = Job::new(Flow {
        rows: 30_000,
        keys: 10_000,
        batch: 500,
        steps: vec![("count", ""), ("fails", "key: 4711"), ("write", "")],
        settings: RETRY.to_owned(),
        ..Flow::default()
    });
    job.run().with(0);
    let out = job.out();
    Oracle::without(&job, |item| item.key == 4711)
        .each_once_in_order(&out)
        .counted(&out)
        .letters(&job.letters(), "retry");
}
