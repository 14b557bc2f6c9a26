//! What is told when a run is over: a table of the flows, and what to know of each.

use std::collections::BTreeMap;

use super::{Exit, table::table};
use crate::{
    engine::{FlowEnd, FlowSummary, Summary},
    observe::{
        FlowCounters,
        show::{count, rate, took},
    },
};

/// How many codes, or places in sources, are named.
const NAMED: usize = 3;

/// What was asked of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// A row that becomes a dead letter is a failure.
    pub(super) fail_on_dead: bool,
    /// It was told to stop before it was drained.
    pub(super) stop_now: bool,
}

/// The exit code of a run.
pub(super) fn exit(summary: &Summary, asked: Asked) -> Exit {
    if summary.deadline_passed {
        Exit::DrainDeadline
    } else if summary.failed() || asked.stop_now || (asked.fail_on_dead && summary.dead() > 0) {
        Exit::Failed
    } else {
        Exit::Ok
    }
}

/// The table and the remarks. `replays` says whether the sources of a flow give rows again.
pub(super) fn report(summary: &Summary, replays: impl Fn(&str) -> bool) -> String {
    let heading = [
        "flow", "end", "rows in", "rows out", "dropped", "dead", "took", "rows/s",
    ];
    let rows = summary.flows.iter().map(row);
    let mut text = table(&heading, &[2, 3, 4, 5, 6, 7], rows);
    let remarks: Vec<String> = summary
        .flows
        .iter()
        .flat_map(|flow| remarks(flow, summary.deadline_passed, replays(&flow.name)))
        .collect();
    if !remarks.is_empty() {
        text.push('\n');
        text.push_str(&(remarks.join("\n") + "\n"));
    }
    text
}

/// The same as log lines, one per flow and remark.
pub(super) fn log(summary: &Summary, replays: impl Fn(&str) -> bool) {
    for flow in &summary.flows {
        let counters = &flow.counters;
        tracing::info!(
            flow = %flow.name,
            end = end(flow),
            rows_in = counters.received_rows.get(),
            rows_out = counters.rows_out.get(),
            dropped = counters.all_dropped(),
            dead = counters.dead.get(),
            seconds = flow.took.as_secs_f64(),
            "flow {}", end(flow)
        );
        for remark in remarks(flow, summary.deadline_passed, replays(&flow.name)) {
            tracing::info!("{remark}");
        }
    }
}

fn row(flow: &FlowSummary) -> Vec<String> {
    let counters = &flow.counters;
    let rows = counters.received_rows.get();
    vec![
        flow.name.to_string(),
        end(flow).to_owned(),
        count(rows),
        count(counters.rows_out.get()),
        count(counters.all_dropped()),
        count(counters.dead.get()),
        took(flow.took),
        if rows == 0 {
            "-".to_owned()
        } else {
            rate(rows, flow.took)
        },
    ]
}

fn end(flow: &FlowSummary) -> &'static str {
    match &flow.end {
        FlowEnd::Ended => "ended",
        FlowEnd::NothingNew { .. } => "nothing new",
        FlowEnd::Drained if open(&flow.counters) == 0 => "drained",
        FlowEnd::Drained => "stopped",
        FlowEnd::Failed(fault) if fault.is_stop() => "stopped",
        FlowEnd::Failed(_) => "failed",
    }
}

/// Rows that were taken and are in no durable cut.
fn open(counters: &FlowCounters) -> u64 {
    counters.received_rows.get().saturating_sub(counters.acked.get())
}

fn remarks(flow: &FlowSummary, deadline_passed: bool, replays: bool) -> Vec<String> {
    let (name, counters) = (&flow.name, &flow.counters);
    let mut remarks = Vec::new();
    let stopped = !matches!(flow.end, FlowEnd::Ended | FlowEnd::NothingNew { .. });
    let out_of_time = match &flow.end {
        // Whether a flow hears that it has to stop or is stopped where it stands is a matter of chance.
        FlowEnd::Drained => open(counters) > 0,
        FlowEnd::Failed(fault) => fault.is_stop(),
        FlowEnd::Ended | FlowEnd::NothingNew { .. } => false,
    };
    match &flow.end {
        _ if deadline_passed && out_of_time => remarks.push(format!(
            "{name}: stopped, since the time to drain was over; `drain: {{ timeout: .. }}` gives more"
        )),
        FlowEnd::Ended | FlowEnd::Drained => {}
        FlowEnd::NothingNew { after } => {
            remarks.push(format!(
                "{name}: nothing new after {} (`--fresh` reads again)",
                places(after)
            ));
        }
        FlowEnd::Failed(fault) => remarks.push(format!("{name}: {fault}")),
    }
    let open = open(counters);
    if stopped && open > 0 {
        let (rows, are) = if open == 1 {
            ("row was", "is")
        } else {
            ("rows were", "are")
        };
        let fate = if replays {
            "read again at the next start"
        } else {
            "lost, since the source gives nothing again"
        };
        remarks.push(format!(
            "{name}: {} {rows} taken and not committed, and {are} {fate}",
            count(open)
        ));
    } else if flow.end == FlowEnd::Drained {
        remarks.push(format!("{name}: every row that was taken is committed"));
    }
    let failed = failures(counters);
    if !failed.is_empty() {
        remarks.push(format!("{name}: rows that failed: {failed}"));
    }
    remarks
}

/// The most frequent classes and codes, over all steps.
fn failures(counters: &FlowCounters) -> String {
    let mut codes: BTreeMap<(String, &'static str, String), u64> = BTreeMap::new();
    for (step, _, counted) in &counters.steps {
        for ((class, code), n) in counted.errors.lock().iter() {
            *codes.entry((step.clone(), class, code.clone())).or_default() += n.rows;
        }
    }
    let mut codes: Vec<_> = codes.into_iter().collect();
    codes.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let more = codes.len().saturating_sub(NAMED);
    let mut named: Vec<String> = codes
        .into_iter()
        .take(NAMED)
        .map(|((step, class, code), n)| match code == class {
            true => format!("{} {class} at {step}", count(n)),
            false => format!("{} {class} {code} at {step}", count(n)),
        })
        .collect();
    if more > 0 {
        named.push(format!("{more} other codes"));
    }
    named.join(", ")
}

/// Partitions and positions: a few of them.
fn places(after: &[(String, String)]) -> String {
    let mut named: Vec<String> = after
        .iter()
        .take(NAMED)
        .map(|(partition, position)| format!("{partition} {}", row_of(position)))
        .collect();
    if after.len() > NAMED {
        named.push(format!("{} more", after.len() - NAMED));
    }
    if named.is_empty() {
        "the last run".to_owned()
    } else {
        named.join(", ")
    }
}

/// Positions of files and the like hold, among bytes and fingerprints, the `row=` that people count by.
fn row_of(position: &str) -> String {
    let row = position
        .split(' ')
        .find_map(|word| word.strip_prefix("row=")?.parse().ok());
    row.map_or_else(|| position.to_owned(), |row| format!("row {}", count(row)))
}

#[cfg(test)]
mod tests;
