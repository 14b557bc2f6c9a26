//! Metrics of dead letters that are kept, removed and sent in again.

use std::{fmt, sync::atomic::Ordering::Relaxed};

use super::{
    Watched,
    collector::{by_flow, with},
    encode::Families,
};

/// Writes them.
pub(super) fn letters(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    out.gauges(
        "kis_dead_letter_backlog_rows",
        "Dead letters that are kept",
        by_flow(flows, |flow| flow.letters.load(Relaxed)),
    )?;
    let removed = flows.iter().flat_map(|flow| {
        let counters = &flow.counters;
        let by = [
            ("max_rows", counters.letters_dropped.get()),
            ("max_age", counters.letters_expired.get()),
        ];
        by.map(|(reason, rows)| (with(&flow.labels(), [("reason", reason)]), rows))
    });
    out.counters(
        "kis_dead_letter_removed_rows",
        "Dead letters that were removed because there were too many or because they were too old",
        removed,
    )?;
    let redriven = flows.iter().flat_map(|flow| {
        let (sent, again) = (flow.counters.redriven.get(), flow.counters.failed_again.get());
        let by = [("settled", sent.saturating_sub(again)), ("failed_again", again)];
        by.map(|(outcome, rows)| (with(&flow.labels(), [("outcome", outcome)]), rows))
    });
    out.counters(
        "kis_redriven_rows",
        "Dead letters that were sent in again",
        redriven,
    )
}
