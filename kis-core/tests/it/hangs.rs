//! Calls that take too long: what they still do afterwards counts for nothing, and the flow goes on without them.

use std::sync::{
    LazyLock, Mutex,
    mpsc::{Receiver, Sender, channel},
};

use kis_core::{
    conn::{Table, store::Store},
    prelude::*,
};

use crate::check::{letters, run, show, table};

#[derive(Row, Clone)]
pub struct Job {
    pub n: i64,
    pub by: String,
}

struct Door {
    /// Lets the call that hangs go on.
    open: Sender<()>,
    opened: Mutex<Receiver<()>>,
    /// Says that the call that hung has written.
    wrote: Sender<()>,
    written: Mutex<Receiver<()>>,
}

static DOOR: LazyLock<Door> = LazyLock::new(|| {
    let (open, opened) = channel();
    let (wrote, written) = channel();
    Door {
        open,
        opened: Mutex::new(opened),
        wrote,
        written: Mutex::new(written),
    }
});

/// Row 1 waits behind a door until it was given up, and writes then; row 2 lets it do so while it is at work itself.
#[kis_function(mode = "Save", conn = "jobs", blocking)]
pub fn late_or_not(jobs: &[Job], table: &Conn<Table>) -> Result<()> {
    for job in jobs {
        match job.n {
            1 => {
                table.put(
                    100,
                    &Job {
                        by: "early".into(),
                        ..job.clone()
                    },
                )?;
                DOOR.opened.lock().unwrap().recv().unwrap();
                table.put(
                    1,
                    &Job {
                        by: "late".into(),
                        ..job.clone()
                    },
                )?;
                table.put(
                    2,
                    &Job {
                        by: "late".into(),
                        ..job.clone()
                    },
                )?;
                DOOR.wrote.send(()).unwrap();
            }
            2 => {
                table.put(2, job)?;
                DOOR.open.send(()).unwrap();
                DOOR.written.lock().unwrap().recv().unwrap();
            }
            _ => table.put(job.n, job)?,
        }
    }
    Ok(())
}

#[derive(Clone, Default, State)]
#[state(ttl = "30d")]
pub struct Seen {
    pub jobs: u64,
}

/// Waits longer than it may, with state in its hands.
#[kis_function(mode = "Calculate", blocking)]
pub fn sleeps_on_state(job: &Job, seen: &mut Seen) -> Job {
    seen.jobs += 1;
    std::thread::park_timeout(std::time::Duration::from_millis(300));
    job.clone()
}

fn yaml(step: &str, limits: &str) -> String {
    let rows: String = (0..4).map(|n| format!("    - {{ n: {n}, by: me }}\n")).collect();
    format!(
        "kistype: source\nsname: rows\ntype: memory\nflow: jobs\norder: {{ by: n }}\nbatch: {{ rows: 1 }}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: jobs\nlimits: {{ {limits} }}\non_error: {{ timeout: dead_letter }}\nflows:\n  - fname: {step}\n"
    )
}

#[test]
fn what_a_call_writes_after_it_was_given_up_counts_for_nothing() {
    let store = Store::in_memory();
    let summary = run(&yaml("late_or_not", "step_timeout: 200ms"), 1, &store);
    insta::assert_snapshot!(show(&summary) + &table(&store, "jobs") + &letters(&store, "jobs"), @r#"
    jobs: ended, in 4, out 3, dropped 0, dead 1
    0 {"by":"me","n":0}
    2 {"by":"me","n":2}
    3 {"by":"me","n":3}
    late_or_not timeout timeout rows:2 {"by":"me","n":1} (the call took longer than 200ms)
    "#);
}

#[test]
fn a_call_that_is_given_up_with_state_in_its_hands_stops_the_flow() {
    let store = Store::in_memory();
    let summary = run(&yaml("sleeps_on_state", "step_timeout: 20ms"), 1, &store);
    let text = show(&summary);
    let expect = "failed: step sleeps_on_state: a call took longer than limits.step_timeout";
    assert!(text.contains(expect), "{text}");
    assert!(store.positions("jobs").unwrap().is_empty());
}
