//! The report and the exit code for each way in which flows end.

use std::{sync::Arc, time::Duration};

use super::{Asked, exit, report};
use crate::{
    cli::Exit,
    engine::{Fault, FlowEnd, FlowSummary, Summary},
    observe::{DropReason, FlowCounters},
};

const NOTHING: Asked = Asked {
    fail_on_dead: false,
    stop_now: false,
};

fn flow(name: &str, end: FlowEnd, rows: u64, acked: u64) -> FlowSummary {
    let counters = FlowCounters::new(name, [("verify".to_owned(), "Verify")]);
    counters.received_rows.add(rows);
    counters.acked.add(acked);
    counters.rows_out.add(acked);
    FlowSummary {
        name: name.into(),
        end,
        counters: Arc::clone(&counters),
        took: Duration::from_millis(1_500),
    }
}

fn summary(flows: Vec<FlowSummary>, deadline_passed: bool) -> Summary {
    Summary {
        flows,
        took: Duration::from_secs(2),
        deadline_passed,
    }
}

fn fault(step: Option<&str>, code: &str, message: &str) -> FlowEnd {
    let step = step.map(str::to_owned);
    FlowEnd::Failed(Fault {
        step,
        code: code.to_owned(),
        message: message.to_owned(),
    })
}

#[test]
fn ended_with_failures() {
    let flights = flow("flights", FlowEnd::Ended, 336_776, 328_063);
    let step = flights.counters.step(0);
    step.drop_rows(DropReason::Policy, 8_255);
    flights.counters.dead.add(458);
    for (class, code, n) in [("reject", "cancelled", 8_255), ("decode", "decode", 458)] {
        (0..n).for_each(|_| {
            step.error(class, code, 0);
        });
    }
    let after = (1..=7)
        .map(|n| (format!("airlines-{n}.csv"), format!("1 row={n}000 line=9 byte=7")))
        .collect();
    let summary = summary(
        vec![flow("LoadAirlines", FlowEnd::NothingNew { after }, 0, 0), flights],
        false,
    );
    insta::assert_snapshot!(report(&summary, |_| true));
    assert_eq!(exit(&summary, NOTHING), Exit::Ok);
    assert_eq!(
        exit(
            &summary,
            Asked {
                fail_on_dead: true,
                ..NOTHING
            }
        ),
        Exit::Failed
    );
}

#[test]
fn stopped_and_failed() {
    let flows = vec![
        flow("drained", FlowEnd::Drained, 5_000, 5_000),
        flow(
            "failed",
            fault(Some("save"), "disk_full", "no space left"),
            5_000,
            4_000,
        ),
        flow("lost", fault(None, "source", "the pipe broke"), 10, 4),
        flow(
            "not_started",
            fault(None, "after", "not started, since flow failed did not end well"),
            0,
            0,
        ),
        flow("now", FlowEnd::Drained, 9, 8),
    ];
    let summary = summary(flows, false);
    insta::assert_snapshot!(report(&summary, |flow| flow != "lost"));
    assert_eq!(exit(&summary, NOTHING), Exit::Failed);
}

#[test]
fn out_of_time() {
    let summary = summary(
        vec![flow(
            "slow",
            fault(None, "kis::stopped", "stopped before it was drained"),
            100,
            90,
        )],
        true,
    );
    insta::assert_snapshot!(report(&summary, |_| true));
    assert_eq!(exit(&summary, NOTHING), Exit::DrainDeadline);
}

#[test]
fn a_second_signal_is_no_success() {
    let summary = summary(vec![flow("now", FlowEnd::Drained, 9, 8)], false);
    assert_eq!(exit(&summary, NOTHING), Exit::Ok);
    assert_eq!(
        exit(
            &summary,
            Asked {
                stop_now: true,
                ..NOTHING
            }
        ),
        Exit::Failed
    );
}
