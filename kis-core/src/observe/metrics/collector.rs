//! KIS flow's own metrics, read from the counters of flows when somebody asks.

use std::{fmt, sync::atomic::Ordering::Relaxed};

use super::{
    Watched,
    encode::{Families, Labels},
};
use crate::observe::{DropReason, FlowCounters, Phase, SourceCounters, StepCounters};

/// The time at a scrape, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Since 1970.
    pub(super) now: u64,
    /// Since the program began to run flows.
    pub(super) up: u64,
}

/// Writes every metric of these flows.
pub(super) fn write(out: &mut Families<'_>, flows: &[Watched], times: Times) -> fmt::Result {
    sources(out, flows)?;
    steps(out, flows)?;
    results(out, flows)?;
    cuts(out, flows)?;
    states(out, flows, times)?;
    process(out, times)
}

fn sources(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    out.counters(
        "kis_source_received_rows",
        "Rows that came in from a source",
        by_source(flows, |source| source.rows.get()),
    )?;
    out.counters(
        "kis_source_received_bytes",
        "Bytes that came in from a source",
        by_source(flows, |source| source.bytes.get()),
    )?;
    let each = |value: fn(&FlowCounters) -> u64| by_flow(flows, value);
    out.counters(
        "kis_source_decode_errors",
        "Rows that could not be decoded",
        each(|flow| flow.decode_errors.get()),
    )?;
    out.counters(
        "kis_acked_rows",
        "Rows that are settled and covered by a durable cut",
        each(|flow| flow.acked.get()),
    )
}

fn steps(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    let each =
        |value: fn(&StepCounters) -> u64| all_steps(flows).map(move |(labels, step)| (labels, value(step)));
    out.counters(
        "kis_step_rows_in",
        "Rows given to a step",
        each(|step| step.rows_in.get()),
    )?;
    out.counters(
        "kis_step_rows_out",
        "Rows that a step handed on",
        each(|step| step.rows_out.get()),
    )?;
    out.durations(
        "kis_step_duration_seconds",
        "Time of one call of a step, that is of one batch",
        1.0,
        all_steps(flows).map(|(labels, step)| (labels, vec![&step.durations])),
    )?;
    out.counters(
        "kis_step_retries",
        "Calls of a step that were tried again",
        each(|step| step.retries.get()),
    )?;
    out.counters(
        "kis_step_dropped_rows",
        "Rows that left a flow at a step and are no dead letters",
        all_steps(flows).flat_map(|(labels, step)| {
            DropReason::ALL.map(|reason| {
                // Only the error policy drops rows that were meant to pass.
                let intentional = if reason == DropReason::Policy {
                    "false"
                } else {
                    "true"
                };
                let more = [("reason", reason.as_str()), ("intentional", intentional)];
                (with(&labels, more), step.dropped[reason as usize].get())
            })
        }),
    )?;
    errors(out, flows)
}

/// The classes and codes are those of the program's own error types, and their number is bounded.
fn errors(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    let counted: Vec<_> = all_steps(flows)
        .map(|(labels, step)| (labels, step.errors.lock().clone()))
        .collect();
    out.counters(
        "kis_step_errors",
        "Rows that failed at a step",
        counted.iter().flat_map(|(labels, errors)| {
            errors.iter().map(move |((class, code), n)| {
                (
                    with(labels, [("error_class", *class), ("error_code", code.as_str())]),
                    n.rows,
                )
            })
        }),
    )
}

fn results(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    let each = |value: fn(&FlowCounters) -> u64| by_flow(flows, value);
    out.counters(
        "kis_flow_rows_out",
        "Rows that passed the last step of a flow",
        each(|flow| flow.rows_out.get()),
    )?;
    out.counters(
        "kis_dead_letter_rows",
        "Rows that became dead letters",
        each(|flow| flow.dead.get()),
    )?;
    out.durations(
        "kis_end_to_end_seconds",
        "Time from the arrival of a batch until its last row is settled",
        1.0,
        flows
            .iter()
            .map(|flow| (flow.labels(), vec![&flow.counters.batches])),
    )
}

fn cuts(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    out.counters(
        "kis_cuts",
        "Cuts that are durable",
        by_flow(flows, |flow| flow.cuts.get()),
    )?;
    out.durations(
        "kis_cut_duration_seconds",
        "Time from the marker of a cut until it is durable",
        1.0,
        flows
            .iter()
            .map(|flow| (flow.labels(), vec![&flow.counters.cut_durations])),
    )
}

fn states(out: &mut Families<'_>, flows: &[Watched], times: Times) -> fmt::Result {
    let each = |value: fn(&FlowCounters) -> u64| by_flow(flows, value);
    out.gauges(
        "kis_inflight_rows",
        "Rows fetched and not yet settled",
        each(|flow| flow.inflight_rows.load(Relaxed)),
    )?;
    out.gauges(
        "kis_inflight_bytes",
        "Bytes fetched and not yet settled",
        each(|flow| flow.inflight_bytes.load(Relaxed)),
    )?;
    out.gauges(
        "kis_inflight_limit_bytes",
        "How many bytes a flow may have fetched and not yet settled",
        flows.iter().map(|flow| (flow.labels(), flow.limit_bytes)),
    )?;
    out.gauges(
        "kis_retry_parked_rows",
        "Rows parked for a retry, or behind one of their key",
        each(|flow| flow.parked.load(Relaxed)),
    )?;
    out.gauges(
        "kis_state_keys",
        "Keys in the state of a flow",
        each(|flow| flow.state_keys.load(Relaxed)),
    )?;
    out.seconds(
        "kis_watermark_lag_seconds",
        "How old the newest settled event time is",
        flows.iter().filter_map(|flow| {
            let newest = flow.counters.event_time_ms.load(Relaxed);
            let lag = times.now.saturating_sub(newest) as f64 / 1e3;
            (newest > 0).then(|| (flow.labels(), lag))
        }),
    )?;
    out.gauges(
        "kis_flow_state",
        "1 for the state that a flow is in, 0 for the others",
        flows.iter().flat_map(|flow| {
            let phase = flow.counters.phase();
            Phase::ALL.map(|state| {
                (
                    with(&flow.labels(), [("state", state.as_str())]),
                    u64::from(state == phase),
                )
            })
        }),
    )
}

fn process(out: &mut Families<'_>, times: Times) -> fmt::Result {
    out.seconds(
        "kis_uptime_seconds",
        "Time since the program began to run flows",
        [(Labels::new(), times.up as f64 / 1e3)],
    )?;
    out.gauges(
        "kis_build_info",
        "Always 1; the labels say which build this is",
        [(vec![("version", env!("CARGO_PKG_VERSION"))], 1)],
    )
}

fn by_flow<'a>(
    flows: &'a [Watched],
    value: impl Fn(&FlowCounters) -> u64 + 'a,
) -> impl Iterator<Item = (Labels<'a>, u64)> {
    flows
        .iter()
        .map(move |flow| (flow.labels(), value(&flow.counters)))
}

fn by_source<'a>(
    flows: &'a [Watched],
    value: impl Fn(&SourceCounters) -> u64 + Copy + 'a,
) -> impl Iterator<Item = (Labels<'a>, u64)> {
    flows.iter().flat_map(move |flow| {
        flow.sources
            .iter()
            .zip(&flow.counters.sources)
            .map(move |((name, conn), source)| {
                let mut labels = with(&flow.labels(), [("source", name.as_str())]);
                labels.extend(conn.as_ref().map(|conn| ("conn", conn.as_str())));
                (labels, value(source))
            })
    })
}

fn all_steps(flows: &[Watched]) -> impl Iterator<Item = (Labels<'_>, &StepCounters)> {
    flows.iter().flat_map(|flow| {
        let steps = flow.counters.steps.iter();
        steps.map(|(name, mode, step)| {
            (
                with(&flow.labels(), [("step", name.as_str()), ("mode", *mode)]),
                step,
            )
        })
    })
}

fn with<'a, const N: usize>(labels: &Labels<'a>, more: [(&'static str, &'a str); N]) -> Labels<'a> {
    labels.iter().copied().chain(more).collect()
}
