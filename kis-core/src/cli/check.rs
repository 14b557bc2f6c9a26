//! `check`: says whether the configuration fits the functions, and what each flow promises.

use super::{App, Exit, args::Common, load::load, run::warn_of_new_files, streams::Streams, table::table};
use crate::flow::{Guarantee, Plan};

/// Checks the flows that are built in, or those of `--conf`.
pub(super) fn check(app: &App, common: &Common, streams: &mut Streams) -> Exit {
    warn_of_new_files(&app.flows, common, streams);
    match load(app, common, streams) {
        Ok(loaded) => streams.result(&report(&loaded.plan)),
        Err(exit) => exit,
    }
}

/// What fits, and what it promises.
fn report(plan: &Plan) -> String {
    let rows = plan.flows.iter().map(|flow| {
        let guarantee = Guarantee::of(flow, &plan.conns);
        vec![
            flow.name.to_string(),
            guarantee.delivery.to_string(),
            guarantee.reason,
        ]
    });
    let promises = if plan.flows.is_empty() {
        String::new()
    } else {
        table(&["flow", "delivery", "because"], &[], rows) + "\n"
    };
    let steps = plan.flows.iter().map(|flow| flow.steps.len()).sum();
    let counts = [
        (plan.flows.len(), "flow"),
        (steps, "step"),
        (plan.conns.len(), "connector"),
    ];
    let counts: Vec<String> = counts.iter().map(|(n, what)| plural(*n, what)).collect();
    let off = match plan.off.len() {
        0 => String::new(),
        n => format!(" ({} off)", plural(n, "flow")),
    };
    format!("{promises}ok: {}{off}\n", counts.join(", "))
}

fn plural(n: usize, what: &str) -> String {
    if n == 1 {
        format!("1 {what}")
    } else {
        format!("{n} {what}s")
    }
}
