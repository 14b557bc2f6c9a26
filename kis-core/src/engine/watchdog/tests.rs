//! What the watchdog says of calls that do not return and of flows that settle nothing, by a given clock.

use kis_conf::{FileText, ReadOptions};

use super::*;
use crate::{
    engine::{around::Surroundings, flow::never_stop, letters::LetterBook, run::new_counters, seat::Seat},
    flow::{Linked, bind},
    function::Exts,
    registry,
};

/// A running flow with the steps `verify` and `grade`, with one lane that has a seat.
fn flow(limits: &str) -> (Watched, Arc<Seat>) {
    let text = format!(
        "kistype: source\nsname: rows\ntype: memory\nflow: f\nparams: {{ rows: [] }}\n---\nkistype: flow\nstatus: 1\nflow_name: f\nlimits: {{ {limits} }}\nflows:\n  - fname: cli_verify\n    as: verify\n  - fname: cli_grade\n    as: grade\n"
    );
    let file = FileText {
        name: "f.yml".to_owned(),
        text,
    };
    let (conf, problems) = kis_conf::read_files(vec![file], &ReadOptions::default());
    assert!(!problems.has_errors(), "{problems}");
    let linked = Linked {
        functions: &registry::functions(),
        lanes: 1,
        exts: &Exts::default(),
    };
    let plan = bind(&kis_conf::check(conf).unwrap(), linked).unwrap();
    let plan = Arc::clone(&plan.flows[0]);
    let clock: super::super::around::Clock = Arc::new(|| 1_000_000);
    let around = Surroundings {
        counters: new_counters(&plan),
        letters: Arc::new(LetterBook::new("f", &plan.conf.dead_letter, Arc::clone(&clock))),
        clock,
        stop: never_stop(),
    };
    around.counters.set_phase(Phase::Running);
    let guards = Guards::new(&plan, &[], &around, true);
    let seat = guards.seats.seat();
    (Watched::new(plan, guards, Duration::from_secs(1)), seat)
}

/// What holds the flow after a look at this second, and whether the process has to end.
fn look(watched: &mut Watched, second: u64) -> (Option<String>, bool) {
    let ends = watched.look(Duration::from_secs(second)).is_some();
    let holds = watched.guards.around.counters.holds.now();
    (holds.first().and_then(|hold| hold.show()), ends)
}

#[test]
fn a_call_that_does_not_return_makes_the_flow_not_ready_and_then_ends_the_process() {
    let (mut watched, seat) = flow("step_timeout: 30s, hang_exit: 5m");
    for second in [0, 20, 40, 60] {
        // Calls that follow each other are not one that hangs.
        seat.begin(1);
        assert_eq!(look(&mut watched, second), (None, false));
        seat.end();
    }
    seat.begin(1);
    assert_eq!(look(&mut watched, 100), (None, false));
    assert_eq!(look(&mut watched, 129), (None, false));
    let (held, ends) = look(&mut watched, 130);
    insta::assert_snapshot!(held.unwrap(), @"hangs in step grade since 1970-01-01T00:16:10Z: a call has not returned for more than 30s; after limits.hang_exit (300s) the process ends; a function that takes so long should be async, blocking, or get smaller batches");
    assert!(!ends);
    assert!(!look(&mut watched, 399).1);
    assert!(look(&mut watched, 400).1);
    seat.end();
    assert_eq!(look(&mut watched, 401), (None, false));
}

#[test]
fn calls_that_wait_too_long_for_a_thread_end_the_process() {
    let (mut watched, _) = flow("step_timeout: 30s, hang_exit: 5m");
    let hold = watched.guards.around.counters.holds.of(HeldBy::Threads, "grade");
    assert_eq!(look(&mut watched, 100), (None, false));
    hold.begin(
        super::super::threads::why(Some(Duration::from_secs(300))),
        1_000_000,
    );
    let (held, ends) = look(&mut watched, 200);
    insta::assert_snapshot!(held.unwrap(), @"waits for threads of calls that were given up since 1970-01-01T00:16:40Z: 8 blocking calls took longer than step_timeout, were given up and still hold their threads; blocking steps cannot go on until one returns, and after limits.hang_exit (300s) the process ends; raise limits.step_timeout, or mend what the calls wait for and restart");
    assert!(!ends);
    hold.end();
    assert_eq!(look(&mut watched, 450), (None, false));
    hold.begin("again", 1_000_000);
    assert!(!look(&mut watched, 500).1);
    assert!(!look(&mut watched, 799).1);
    let text = watched.look(Duration::from_secs(800)).unwrap();
    insta::assert_snapshot!(text, @"flow f: step grade has waited for 300s (limits.hang_exit) for a thread of a blocking call that was given up: the process ends, and what is not settled is read again at the next start");
}

#[test]
fn without_a_limit_a_call_may_take_its_time() {
    let (mut watched, seat) = flow("step_timeout: none");
    seat.begin(0);
    look(&mut watched, 0);
    assert_eq!(look(&mut watched, 1_000_000), (None, false));
}

#[test]
fn a_flow_that_settles_nothing_names_the_step() {
    let (mut watched, seat) = flow("step_timeout: none");
    let counters = Arc::clone(&watched.guards.around.counters);
    assert_eq!(look(&mut watched, 1_000), (None, false));
    counters.inflight_rows.store(5_000, Relaxed);
    seat.begin(1);
    assert_eq!(look(&mut watched, 1_001), (None, false));
    assert_eq!(look(&mut watched, 1_060), (None, false));
    let (held, _) = look(&mut watched, 1_061);
    insta::assert_snapshot!(held.unwrap(), @"has rows on their way and settles none since 1970-01-01T00:15:40Z: 5,000 rows are on their way, and step grade has been at work for 60s");
    counters.acked.add(1);
    assert_eq!(look(&mut watched, 1_062), (None, false));
    // What waits for a connector says so itself.
    counters
        .holds
        .of(HeldBy::Conn, "connector Cache")
        .begin("refused", 1);
    let (held, _) = look(&mut watched, 9_000);
    assert!(held.unwrap().starts_with("waits for connector Cache"));
    assert!(!counters.holds.any(HeldBy::Stuck));
}
