//! The six metrics of KisFlow, under its names, labels and units, for dashboards made for it.

use std::{collections::BTreeMap, fmt};

use super::{
    Watched,
    encode::{Families, Labels},
};
use crate::observe::{Durations, StepCounters};

/// KisFlow's durations are milliseconds.
const MILLIS: f64 = 1e3;

/// Writes KisFlow's metrics of these flows.
pub(super) fn write(out: &mut Families<'_>, flows: &[Watched]) -> fmt::Result {
    let rows = |flow: &Watched| flow.counters.received_rows.get();
    out.counters(
        "kisflow_data",
        "Rows of all flows",
        [(Labels::new(), flows.iter().map(rows).sum())],
    )?;
    out.gauges(
        "flow_data_total",
        "Rows of a flow",
        flows.iter().map(|flow| (name(flow), rows(flow))),
    )?;
    out.gauges(
        "flow_schedule_cnts",
        "Runs of a flow, that is batches",
        flows
            .iter()
            .map(|flow| (name(flow), calls(&flow.counters.batches))),
    )?;
    let functions = functions(flows);
    out.gauges(
        "func_schedule_cnts",
        "Calls of a function",
        functions
            .iter()
            .map(|(function, steps)| (labels(*function), steps.iter().map(|step| step.calls()).sum())),
    )?;
    out.durations(
        "func_run_duration",
        "Time of one call of a function, in milliseconds",
        MILLIS,
        functions.iter().map(|(function, steps)| {
            (
                labels(*function),
                steps.iter().map(|step| &step.durations).collect(),
            )
        }),
    )?;
    out.durations(
        "flow_run_duration",
        "Time of one run of a flow, in milliseconds",
        MILLIS,
        flows
            .iter()
            .map(|flow| (name(flow), vec![&flow.counters.batches])),
    )
}

/// The steps of each function and mode, over all flows.
fn functions(flows: &[Watched]) -> BTreeMap<(&str, &'static str), Vec<&StepCounters>> {
    let mut functions: BTreeMap<_, Vec<&StepCounters>> = BTreeMap::new();
    for flow in flows {
        for ((_, mode, step), watched) in flow.counters.steps.iter().zip(&flow.steps) {
            functions
                .entry((watched.function.as_str(), *mode))
                .or_default()
                .push(step);
        }
    }
    functions
}

fn name(flow: &Watched) -> Labels<'_> {
    vec![("flow_name", flow.counters.flow.as_str())]
}

fn labels<'a>((function, mode): (&'a str, &'static str)) -> Labels<'a> {
    vec![("func_name", function), ("func_mode", mode)]
}

fn calls(durations: &Durations) -> u64 {
    durations.buckets().iter().map(|(_, n)| n).sum()
}
