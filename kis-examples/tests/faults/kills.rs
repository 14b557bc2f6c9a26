//! `kill -9`, again and again, and a process that dies in the middle of a cut.

use std::{fs, time::Duration};

use crate::{
    job::{Flow, Job},
    oracle::Oracle,
    scale::{Random, pass, scaled},
};

/// Kills a job at random moments, with another configuration behind each kill, lets it end, and checks it; does so until
/// there were enough kills.
fn kill_often(name: &str, flow: &Flow, change: impl Fn(&mut Flow, &mut Random), check: impl Fn(&Job)) {
    let mut random = Random::of(name);
    let kills = scaled(10, 50);
    let mut killed = 0;
    while killed < kills {
        let mut job = Job::new(flow.clone());
        loop {
            let mut flow = job.flow.clone();
            change(&mut flow, &mut random);
            job = job.configure(flow);
            let mut process = job.start();
            // Every few kills come while the process starts.
            if random.below(4) > 0 {
                let target = job.written() + random.below(job.flow.rows * 20);
                process.until("rows that are written", |_| job.written() > target);
            }
            pass(random.time(Duration::from_millis(30)));
            if killed == kills || process.has_ended() {
                process.wait().with(0);
                break;
            }
            process.kill();
            killed += 1;
        }
        println!("checked after {killed} kills");
        check(&job);
    }
}

#[test]
fn one_stage_killed_at_random_moments() {
    let flow = Flow {
        rows: 20_000,
        steps: vec![
            ("count", ""),
            ("dawdles", "millis: 1"),
            ("write", ""),
            ("keep_newest", ""),
        ],
        ..Flow::default()
    };
    kill_often(
        "one_stage_killed_at_random_moments",
        &flow,
        |_, _| (),
        |job| {
            let out = job.out();
            Oracle::of(job).each_once_in_order(&out).counted(&out);
            let mut newest = job.table("newest");
            newest.sort_unstable();
            let mut last: Vec<_> = out.iter().rev().copied().collect();
            last.sort_by_key(|item| item.key);
            last.dedup_by_key(|item| item.key);
            assert_eq!(newest, last);
        },
    );
}

#[test]
fn two_stages_killed_at_random_moments() {
    let flow = Flow {
        rows: 20_000,
        files: 3,
        steps: vec![
            ("count", ""),
            ("dawdles", "millis: 1"),
            ("count_group", ""),
            ("write", ""),
        ],
        ..Flow::default()
    };
    kill_often(
        "two_stages_killed_at_random_moments",
        &flow,
        |_, _| (),
        |job| {
            let out = job.out();
            Oracle::of(job)
                .each_once_in_order(&out)
                .counted(&out)
                .counted_by_group(&out);
        },
    );
}

#[test]
fn lanes_and_order_changed_between_kills() {
    let flow = Flow {
        rows: 20_000,
        files: 4,
        steps: vec![("dawdles", "millis: 1"), ("count_key", ""), ("write", "")],
        ..Flow::default()
    };
    let change = |flow: &mut Flow, random: &mut Random| {
        flow.lanes = 1 + random.below(5) as u32;
        flow.order = ["{ by: key }", "partition"][random.below(2) as usize];
    };
    kill_often("lanes_and_order_changed_between_kills", &flow, change, |job| {
        let out = job.out();
        Oracle::of(job).each_once_in_order(&out).counted(&out);
    });
}

/// Rows that wait for a retry, and those of their keys behind them, are in the cuts.
#[test]
fn parked_rows_are_there_after_kills() {
    let flow = Flow {
        rows: 10_000,
        steps: vec![
            ("count", ""),
            ("fails_at_first", "every: 40, times: 2"),
            ("dawdles", "millis: 1"),
            ("write", ""),
        ],
        // A row fails twice in each process, and its attempts are counted over all of them.
        settings: "on_error: { retry: { attempts: 1000, backoff: 5ms..20ms }, budget: none }".to_owned(),
        ..Flow::default()
    };
    kill_often(
        "parked_rows_are_there_after_kills",
        &flow,
        |_, _| (),
        |job| {
            let out = job.out();
            Oracle::of(job)
                .each_once_in_order(&out)
                .counted(&out)
                .letters(&job.letters(), "retry");
        },
    );
}

/// A cut in which rows have become dead letters is not stored: they become the same letters again.
#[test]
fn killed_between_dead_letter_and_commit() {
    let mut random = Random::of("killed_between_dead_letter_and_commit");
    let job = Job::new(Flow {
        rows: scaled(30_000, 100_000),
        batch: 50,
        checkpoint: "10ms",
        steps: vec![
            ("count", ""),
            ("refuses", "every: 10"),
            ("dawdles", "millis: 1"),
            ("write", ""),
            // Behind the file: it has the rows of the cut when the process dies.
            ("touch", ""),
        ],
        ..Flow::default()
    });
    let mut died = 0;
    for _ in 0..scaled(5, 20) {
        fs::write(job.path("trip"), (1 + random.below(4)).to_string()).unwrap();
        // A flow that ends before has fewer rows left than it reads until then.
        died += u32::from(job.run().code.is_none());
    }
    assert!(
        died > 1,
        "the process died {died} times: the flow needs more rows"
    );
    fs::remove_file(job.path("trip")).unwrap();
    job.run().with(0);
    let out = job.out();
    Oracle::without(&job, |item| item.seq % 10 == 0)
        .each_once_in_order(&out)
        .letters(&job.letters(), "reject");
}

/// A source that forgets what is committed hears of it only when it is durable; the process dies right before and
/// right behind the commit.
#[test]
fn killed_around_the_commit_of_a_source_that_forgets() {
    let mut random = Random::of("killed_around_the_commit_of_a_source_that_forgets");
    let job = Job::new(Flow {
        rows: scaled(30_000, 100_000),
        batch: 50,
        checkpoint: "10ms",
        source: "spool",
        input: "rows-0.jsonl".to_owned(),
        steps: vec![("count", ""), ("dawdles", "millis: 1"), ("write", "")],
        ..Flow::default()
    });
    let mut died = 0;
    for n in 0..scaled(6, 20) {
        let when = ["before", "after"][(n % 2) as usize];
        fs::write(
            job.path("rows-0.jsonl.die"),
            format!("{when} {}", 1 + random.below(4)),
        )
        .unwrap();
        // A flow that ends before has fewer rows left than it reads until then.
        died += u32::from(job.run().code.is_none());
    }
    assert!(
        died > 1,
        "the process died {died} times: the flow needs more rows"
    );
    fs::remove_file(job.path("rows-0.jsonl.die")).unwrap();
    job.run().with(0);
    let out = job.out();
    Oracle::of(&job).each_once_in_order(&out).counted(&out);
}
