//! Progress lines by a given clock.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Progress, Show};
use crate::observe::{DropReason, FlowCounters, Phase, screen::tests::Kept};

fn flows() -> Vec<Arc<FlowCounters>> {
    let flights = FlowCounters::new("flights", [("verify".to_owned(), "Verify")]);
    let planes = FlowCounters::new("机场", [("save".to_owned(), "Save")]);
    vec![flights, planes]
}

#[test]
fn lines_are_aligned_and_show_the_latest_rate() {
    let (kept, flows, start) = (Kept::default(), flows(), Instant::now());
    let mut progress = Progress::new(&flows, Show::Live, kept.wide_screen(), start);
    flows[0].set_phase(Phase::Running);
    flows[0].received_rows.add(1_000_000);
    progress.tick(start + Duration::from_millis(100));
    assert_eq!(kept.shown(), "", "a short run shows no live lines");
    progress.tick(start + Duration::from_secs(1));
    flows[0].received_rows.add(30_000);
    flows[0].rows_out.add(1_029_000);
    flows[0].dead.add(12);
    flows[0].step(0).drop_rows(DropReason::Filtered, 988);
    progress.tick(start + Duration::from_secs(4));
    insta::assert_snapshot!(kept.shown(), @r"

      flights  running  1,030,000 in  10,000/s  1,029,000 out  988 dropped  12 dead
      机场     waiting          0 in       -/s          0 out    0 dropped   0 dead
    ");
    progress.finish();
    assert_eq!(kept.shown(), "");
}

#[test]
fn a_report_at_the_end_of_a_flow_finds_no_live_lines() {
    let (kept, flows, start) = (Kept::default(), flows(), Instant::now());
    let mut progress = Progress::new(&flows, Show::Live, kept.wide_screen(), start);
    progress.tick(start + Duration::from_secs(1));
    assert!(kept.shown().contains("flights"));
    flows[0].set_phase(Phase::Draining);
    assert_eq!(kept.shown(), "");
    progress.tick(start + Duration::from_secs(2));
    assert_eq!(kept.shown(), "", "nothing is drawn while a flow may be printing");
    flows[0].set_phase(Phase::Ended);
    progress.tick(start + Duration::from_secs(3));
    assert!(kept.shown().contains("ended"));
}

#[test]
fn never_is_never() {
    let (kept, flows, start) = (Kept::default(), flows(), Instant::now());
    let mut progress = Progress::new(&flows, Show::Never, kept.screen(), start);
    progress.tick(start + Duration::from_secs(5));
    assert_eq!(kept.text(), "");
}
