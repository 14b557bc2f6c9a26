//! Saves whose batch holds a bad row: what is written twice, and in which order.

use crate::{
    job::{Flow, Job},
    oracle::Oracle,
};

fn run(steps: Vec<(&'static str, &'static str)>) -> Job {
    let job = Job::new(Flow {
        keys: 5,
        steps,
        settings:
            "on_error: { retry: { attempts: 3, backoff: 1ms..5ms }, budget: none }\nparked: { rows: 100k }"
                .to_owned(),
        ..Flow::default()
    });
    job.run().with(0);
    job
}

#[test]
fn a_batch_with_a_poisonous_row_loses_that_row_alone() {
    let job = run(vec![("count", ""), ("write_unless_poisoned", "every: 77")]);
    let out = job.out();
    Oracle::without(&job, |item| item.seq % 77 == 0)
        .each_once_in_order(&out)
        .letters(&job.letters(), "reject");
}

#[test]
fn a_sink_that_takes_nothing_back_gets_each_good_row_twice_at_most() {
    let job = run(vec![("count", ""), ("write_plain", "every: 77")]);
    Oracle::without(&job, |item| item.seq % 77 == 0)
        .each_at_most(2, &job.items("plain.jsonl"))
        .letters(&job.letters(), "reject");
}

#[test]
fn rows_of_a_key_keep_their_order_around_one_that_fails() {
    let job = run(vec![("count", ""), ("write_row", "every: 77, times: 2")]);
    let out = job.out();
    Oracle::of(&job)
        .each_once_in_order(&out)
        .letters(&job.letters(), "retry");
}
