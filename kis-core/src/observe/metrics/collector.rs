//! KIS flow's own metrics, read from the counters of flows when somebody asks.

use std::{fmt, sync::atomic::Ordering::Relaxed};

use super::{
    Watched,
    encode::{Families, Labels},
    letters,
};
use crate::observe::{DropReason, ErrorCount, FlowCounters, HeldBy, Phase, SourceCounters, StepCounters};

/// The time at a scrape, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Since 1970.
    pub(super) now: u64,
    /// Since the program began to run flows.
    pub(super) up: u64,
}

impl Times {
    /// Seconds from a time in milliseconds until now.
    fn since(self, ms: u64) -> f64 {
        self.now.saturating_sub(ms) as f64 / 1e3
    }
}

/// Writes every metric of these flows.
pub(super) fn write(out: &mut Families<'_>, flows: &[Watched], times: Times) -> fmt::Result {
    sources(out, flows, times)?;
    steps(out, flows)?;
    busy(out, flows, times)?;
    sinks(out, flows)?;
    results(out, flows)?;
    letters::letters(out, flows)?;
    cuts(out, flows)?;
    states(out, flows, times)?;
    held(out, flows)?;
    process(out, times)
}

fn sources(out: &mut Families<'_>, flows: &[Watched], times: Times) -> fmt::Result {
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
    out.fractions(
        "kis_source_lag_seconds",
        "How old the newest settled event time of a source is",
        each_source(flows).filter_map(|(labels, source)| {
            let newest = source.event_time_ms.load(Relaxed);
            (newest > 0).then(|| (labels, times.since(newest)))
        }),
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
    out.counters(
        "kis_step_warned_rows",
        "Rows that lack a field which `must` names and were let through by `must: warn`",
        all_steps(flows).filter_map(|(labels, step)| {
            let rows = step.lacking.lock().rows;
            (rows > 0).then(|| (with(&labels, [("reason", "must")]), rows))
        }),
    )?;
    errors(out, flows)
}

/// How much of the time the steps were at work.
fn busy(out: &mut Families<'_>, flows: &[Watched], times: Times) -> fmt::Result {
    let up = times.up as f64 / 1e3;
    out.fractions(
        "kis_step_utilization_ratio",
        "Share of the time since the start in which a step was at work, over all lanes of its flow",
        flows.iter().filter(|_| up > 0.0).flat_map(|flow| {
            let room = up * flow.lanes.max(1) as f64;
            steps_of(flow).map(move |(labels, step)| (labels, (step.durations.sum_seconds() / room).min(1.0)))
        }),
    )
}

/// Steps that save, once for each connector that they save to.
fn sinks(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    let each =
        |value: fn(&StepCounters) -> u64| all_sinks(flows).map(move |(labels, step)| (labels, value(step)));
    out.counters(
        "kis_sink_sent_rows",
        "Rows that a step saved to a connector",
        each(|step| step.rows_in.get().saturating_sub(step.failed.get())),
    )?;
    out.counters(
        "kis_sink_batches",
        "Batches that a step gave to a connector, those that were tried again included",
        each(StepCounters::calls),
    )?;
    out.durations(
        "kis_sink_duration_seconds",
        "Time in which a step gave one batch to a connector",
        1.0,
        all_sinks(flows).map(|(labels, step)| (labels, vec![&step.durations])),
    )
}

/// The classes and codes are those of the program's own error types, and their number is bounded.
fn errors(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    let counted: Vec<_> = all_steps(flows)
        .map(|(labels, step)| (labels, step.errors.lock().clone()))
        .collect();
    let each = |value: fn(&ErrorCount) -> u64| {
        counted.iter().flat_map(move |(labels, errors)| {
            errors.iter().map(move |((class, code), n)| {
                let more = [("error_class", *class), ("error_code", code.as_str())];
                (with(labels, more), value(n))
            })
        })
    };
    out.counters("kis_step_errors", "Rows that failed at a step", each(|n| n.rows))?;
    out.counters(
        "kis_dead_letter_rows",
        "Rows that became dead letters",
        each(|n| n.letters).filter(|(_, letters)| *letters > 0),
    )
}

fn results(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    let each = |value: fn(&FlowCounters) -> u64| by_flow(flows, value);
    out.counters(
        "kis_flow_rows_out",
        "Rows that passed the last step of a flow",
        each(|flow| flow.rows_out.get()),
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
    out.fractions(
        "kis_watermark_lag_seconds",
        "How old the newest settled event time is",
        flows.iter().filter_map(|flow| {
            let newest = flow.counters.event_time_ms();
            (newest > 0).then(|| (flow.labels(), times.since(newest)))
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

/// What flows wait for, and how often they had to.
fn held(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    let holds: Vec<_> = flows
        .iter()
        .flat_map(|flow| {
            flow.counters
                .holds
                .all()
                .into_iter()
                .map(move |hold| (flow, hold))
        })
        .collect();
    let conns = || {
        holds
            .iter()
            .filter(|(_, hold)| hold.by == HeldBy::Conn)
            .map(|(flow, hold)| {
                let conn = hold.what.strip_prefix("connector ").unwrap_or(&hold.what);
                (with(&flow.labels(), [("conn", conn)]), hold)
            })
    };
    out.gauges(
        "kis_breaker_state",
        "1 while a connector is not available and the flow waits for it, else 0",
        conns().map(|(labels, hold)| (labels, u64::from(hold.since_ms().is_some()))),
    )?;
    out.counters(
        "kis_breaker_opened",
        "How often a connector was found not to be available",
        conns().map(|(labels, hold)| (labels, hold.times.get())),
    )?;
    let at_steps = |by: HeldBy| {
        let of = holds.iter().filter(move |(_, hold)| hold.by == by);
        of.map(|(flow, hold)| (with(&flow.labels(), [("step", hold.what.as_str())]), hold))
    };
    out.gauges(
        "kis_budget_paused",
        "1 while a flow is paused since too many rows fail at a step, else 0",
        at_steps(HeldBy::Budget).map(|(labels, hold)| (labels, u64::from(hold.since_ms().is_some()))),
    )?;
    out.gauges(
        "kis_step_hanging",
        "1 while a call of a step does not return, else 0",
        at_steps(HeldBy::Hang).map(|(labels, hold)| (labels, u64::from(hold.since_ms().is_some()))),
    )
}

fn process(out: &mut Families<'_>, times: Times) -> fmt::Result {
    out.fractions(
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

pub(super) fn by_flow<'a>(
    flows: &'a [Watched],
    value: impl Fn(&FlowCounters) -> u64 + 'a,
) -> impl Iterator<Item = (Labels<'a>, u64)> {
    flows
        .iter()
        .map(move |flow| (flow.labels(), value(&flow.counters)))
}

fn by_source<'a>(
    flows: &'a [Watched],
    value: impl Fn(&SourceCounters) -> u64 + 'a,
) -> impl Iterator<Item = (Labels<'a>, u64)> {
    each_source(flows).map(move |(labels, source)| (labels, value(source)))
}

fn each_source(flows: &[Watched]) -> impl Iterator<Item = (Labels<'_>, &SourceCounters)> {
    flows.iter().flat_map(|flow| {
        let sources = flow.sources.iter().zip(&flow.counters.sources);
        sources.map(|((name, conn), source)| {
            let mut labels = with(&flow.labels(), [("source", name.as_str())]);
            labels.extend(conn.as_ref().map(|conn| ("conn", conn.as_str())));
            (labels, source)
        })
    })
}

fn all_steps(flows: &[Watched]) -> impl Iterator<Item = (Labels<'_>, &StepCounters)> {
    flows.iter().flat_map(steps_of)
}

fn steps_of(flow: &Watched) -> impl Iterator<Item = (Labels<'_>, &StepCounters)> {
    flow.counters.steps.iter().map(|(name, mode, step)| {
        let labels = with(&flow.labels(), [("step", name.as_str()), ("mode", *mode)]);
        (labels, step)
    })
}

fn all_sinks(flows: &[Watched]) -> impl Iterator<Item = (Labels<'_>, &StepCounters)> {
    flows.iter().flat_map(|flow| {
        let steps = flow.counters.steps.iter().zip(&flow.steps);
        steps.flat_map(move |((name, _, step), watched)| {
            watched.sinks.iter().map(move |conn| {
                let more = [("step", name.as_str()), ("conn", conn.as_str())];
                (with(&flow.labels(), more), step)
            })
        })
    })
}

pub(super) fn with<'a, const N: usize>(
    labels: &Labels<'a>,
    more: [(&'static str, &'a str); N],
) -> Labels<'a> {
    labels.iter().copied().chain(more).collect()
}
