//! What only the whole plan shows: values that the app does not put in, connectors that more flows share than may.

use kis_conf::{Code, Place, Problem, Problems};

use super::plan::{FlowPlan, Plan, StepPlan};
use crate::function::{Exts, Need};

/// Everything in which the flows of a plan do not fit the app and each other.
pub(super) fn check(plan: &Plan, exts: &Exts) -> Problems {
    let mut problems = Problems::new();
    for flow in &plan.flows {
        for step in &flow.steps {
            missing_exts(flow, step, exts).for_each(|problem| problems.push(problem));
        }
    }
    let shared = (0..plan.conns.len()).filter(|conn| plan.conns[*conn].info.one_flow);
    shared.for_each(|conn| problems.extend(of_one_flow(plan, conn)));
    problems
}

fn missing_exts<'a>(
    flow: &'a FlowPlan,
    step: &'a StepPlan,
    exts: &'a Exts,
) -> impl Iterator<Item = Problem> + 'a {
    step.info.needs.iter().filter_map(move |need| {
        let Need::Ext { type_name, type_id } = need.need else {
            return None;
        };
        if exts.has(type_id()) {
            return None;
        }
        let (step_name, arg, of) = (&step.name, need.arg, type_name());
        let text = format!(
            "step {step_name} of flow {} takes `{arg}: Ext<{}>`, and the app puts in no {of}",
            flow.name,
            short(of)
        );
        let help = "put one in with `App::ext(..)`; a flow that the program builds takes it by `FlowBuilder::ext(..)`";
        Some(Problem::error(Code::ExtMissing, &place(step), text).help(help))
    })
}

/// The flows that use a connector of a type that serves one flow only, each behind the first.
fn of_one_flow(plan: &Plan, conn: usize) -> Problems {
    let uses = |step: &StepPlan| step.conns.iter().any(|(_, used)| *used == conn);
    let mut users: Vec<(&FlowPlan, &StepPlan)> = plan
        .flows
        .iter()
        .filter_map(|flow| Some((&**flow, &**flow.steps.iter().find(|step| uses(step))?)))
        .collect();
    users.sort_by_key(|(_, step)| place(step));
    let mut problems = Problems::new();
    let Some(((first, at), others)) = users.split_first() else {
        return problems;
    };
    let (name, kind) = (&plan.conns[conn].name, plan.conns[conn].info.kind);
    for (flow, step) in others {
        let text = format!(
            "flow {} uses connector {name}, which flow {} uses at {}; a connector of type {kind} serves one flow",
            flow.name,
            first.name,
            place(at)
        );
        problems.push(
            Problem::error(Code::ConnOfOneFlow, &place(step), text)
                .note(&place(at), format!("flow {} uses it here", first.name))
                .help(format!(
                    "declare a connector of its own for flow {}, and name it here by `cname`",
                    flow.name
                )),
        );
    }
    problems
}

fn place(step: &StepPlan) -> Place {
    step.place.clone().unwrap_or_else(Place::in_code)
}

/// A type's name without its path: `Vec<Price>` of `alloc::vec::Vec<app::Price>`.
fn short(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    for part in name.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        short.push_str(part.rsplit("::").next().unwrap_or(part));
    }
    short
}
