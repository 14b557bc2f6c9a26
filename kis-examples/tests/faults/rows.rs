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
    // A call on a thread of its own keeps it when it is given up, and no more than eight may be: here two rows are tried
    // three times each.
    for function in ["hangs", "blocks"] {
        let job = Job::new(Flow {
            rows: 5_000,
            steps: vec![("count", ""), (function, "every: 70, keys: 25"), ("write", "")],
            settings: format!("{RETRY}\nlimits: {{ step_timeout: 100ms }}"),
            ..Flow::default()
        });
        job.run().with(0);
        let out = job.out();
        Oracle::without(&job, |item| item.seq == 70 && item.key % 25 == 0)
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
            .each_once_in_order(&out)
            .counted(&out)
            .letters(&job.letters(), "retry");
    }
}

#[test]
fn a_stateful_call_that_fails_counts_once() {
    for function in ["count_and_fail", "count_batch_and_fail"] {
        let job = run(&[(function, "every: 50, times: 2")], RETRY);
        let out = job.out();
        Oracle::of(&job)
            .each_once_in_order(&out)
            .counted(&out)
            .letters(&job.letters(), "retry");
    }
}

/// The rows for which a call of a whole batch fails are found by calls that count nothing.
#[test]
fn calls_that_look_for_bad_rows_do_not_count() {
    let job = run(&[("count_batch_and_fail", "every: 50, times: 1000000")], RETRY);
    let out = job.out();
    Oracle::without(&job, |item| item.seq % 50 == 0)
        .each_once_in_order(&out)
        .counted(&out)
        .letters(&job.letters(), "retry");
}

#[test]
fn a_stateful_call_that_is_given_up_counts_once() {
    let retry = "on_error: { retry: { attempts: 50, backoff: 1ms..5ms }, budget: none }";
    let job = run(
        &[("count_batch_and_hang", "every: 190, times: 1")],
        &format!("{retry}\nlimits: {{ step_timeout: 50ms }}"),
    );
    let out = job.out();
    Oracle::of(&job)
        .each_once_in_order(&out)
        .counted(&out)
        .letters(&job.letters(), "timeout");
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
