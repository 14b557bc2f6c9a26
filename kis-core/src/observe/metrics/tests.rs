//! A scrape of two flows as text, and the rules that names and labels keep.

use std::{cell::Cell, collections::BTreeMap, sync::atomic::Ordering::Relaxed, time::Duration};

use super::{Metrics, MetricsOptions, Watched, WatchedStep};
use crate::observe::{DropReason, FlowCounters, Phase};

const NOW_MS: u64 = 1_357_000_000_000;

thread_local! {
    static CLOCK: Cell<u64> = const { Cell::new(0) };
}

fn step(function: &str, sinks: &[&str]) -> WatchedStep {
    WatchedStep {
        function: function.to_owned(),
        sinks: sinks.iter().map(|sink| (*sink).to_owned()).collect(),
    }
}

fn flights() -> Watched {
    let steps = [("verify", "Verify"), ("save", "Save")].map(|(name, mode)| (name.to_owned(), mode));
    let counters = FlowCounters::with_sources("flights", 2, steps);
    counters.set_phase(Phase::Running);
    counters.receive(0, 900, 60_000);
    counters.receive(1, 100, 5_536);
    counters.step(0).rows_in.add(1000);
    counters.step(0).rows_out.add(980);
    counters.step(0).drop_rows(DropReason::Filtered, 17);
    counters.step(0).drop_rows(DropReason::Policy, 2);
    counters.step(0).error("reject", "cancelled", 0);
    counters.step(0).durations.add(Duration::from_micros(30));
    counters.step(1).durations.add(Duration::from_millis(2));
    counters.step(1).durations.add(Duration::from_secs(100));
    counters.batches.add(Duration::from_millis(3));
    counters.dead.add(1);
    counters.inflight_rows.store(20, Relaxed);
    counters.step(0).letter("reject", "cancelled");
    counters.step(1).rows_in.add(980);
    counters.step(1).failed.add(3);
    counters.step(1).lack(7, 0);
    counters.sources[0].event_time_ms.store(NOW_MS - 4_000, Relaxed);
    counters.sources[1].event_time_ms.store(NOW_MS - 2_500, Relaxed);
    Watched {
        counters,
        sources: vec![
            ("files".to_owned(), None),
            ("late".to_owned(), Some("KafkaMain".to_owned())),
        ],
        steps: vec![step("verify_flight", &[]), step("save_row", &["Kept", "Seen"])],
        lanes: 2,
        limit_bytes: 256 << 20,
    }
}

fn load() -> Watched {
    let counters = FlowCounters::new("Load \"机场\"", [("save".to_owned(), "Save")]);
    counters.received_rows.add(5);
    counters.step(0).durations.add(Duration::from_millis(1));
    Watched {
        counters,
        sources: Vec::new(),
        steps: vec![step("save_row", &[])],
        lanes: 1,
        limit_bytes: 1,
    }
}

fn scrape(kisflow: bool) -> String {
    CLOCK.set(NOW_MS - 200_000);
    let metrics = Metrics::new(
        vec![flights(), load()],
        MetricsOptions {
            kisflow,
            now_ms: || CLOCK.get(),
        },
    );
    CLOCK.set(NOW_MS);
    metrics.encode()
}

/// Without the buckets of histograms, which are many.
fn short(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("_bucket{")).collect();
    lines.join("\n")
}

#[test]
fn own_metrics() {
    insta::assert_snapshot!(short(&scrape(false)));
}

#[test]
fn metrics_of_kisflow() {
    let (own, both) = (scrape(false), scrape(true));
    let own = own.strip_suffix("# EOF\n").unwrap();
    insta::assert_snapshot!(short(both.strip_prefix(own).unwrap()));
}

#[test]
fn buckets_are_cumulative_and_in_seconds() {
    let text = scrape(false);
    let prefix = "kis_step_duration_seconds_bucket{le=\"";
    let of_save: Vec<(&str, &str)> = text
        .lines()
        .filter(|line| line.contains("flow=\"flights\",step=\"save\""))
        .filter_map(|line| line.strip_prefix(prefix)?.split_once('"'))
        .map(|(bound, rest)| (bound, rest.rsplit_once(' ').unwrap().1))
        .collect();
    assert_eq!(of_save.len(), 25);
    assert_eq!(of_save[0], ("0.000001", "0"));
    assert_eq!(of_save[10].1, "0");
    assert_eq!(of_save[11], ("0.002048", "1"));
    assert_eq!(of_save[24], ("+Inf", "2"));
}

/// Labels come from the configuration or from closed lists; units are base units; counters end in `_total`.
#[test]
fn names_and_labels_keep_the_rules() {
    let known = [
        "source",
        "conn",
        "flow",
        "step",
        "mode",
        "reason",
        "intentional",
        "error_class",
        "error_code",
        "state",
        "outcome",
        "version",
        "le",
    ];
    let text = scrape(false);
    let kinds: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    assert!(kinds.len() > 20);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, labels) = line
            .split_once('{')
            .unwrap_or_else(|| (line.split_once(' ').unwrap().0, ""));
        assert!(name.starts_with("kis_"), "{line}");
        assert!(
            !["_ms", "_ns", "_us"].iter().any(|unit| name.contains(unit)),
            "{line}"
        );
        if let Some(counter) = name.strip_suffix("_total") {
            assert_eq!(kinds.get(counter), Some(&"counter"), "{line}");
        }
        for label in labels.split(',').filter_map(|label| label.split_once("=\"")) {
            assert!(known.contains(&label.0), "{line}");
        }
    }
}
