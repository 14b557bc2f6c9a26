//! Cuts a flow's steps into stages: rows change lanes where a step keeps state by another key.

use kis_conf::{Code, Place, Problem};

use super::path::common_key;
use super::plan::{SourcePlan, StagePlan, StepPlan};
use crate::{
    function::{HandsOn, JumpTo},
    row::RowInfo,
};

/// Cuts the steps into stages: a new one begins where state is kept by another key than the rows carry.
///
/// Rows that a function made of a whole batch stand for all of its keys, so their key is read anew from them.
pub(super) fn stages(steps: &[StepPlan], sources: &[SourcePlan]) -> Result<Vec<StagePlan>, Problem> {
    let mut carried = common_key(sources);
    let mut replaced: Option<Replaced<'_>> = None;
    let mut stages = vec![StagePlan {
        first: 0,
        end: steps.len(),
        key: None,
    }];
    for (at, step) in steps.iter().enumerate() {
        if let Some(state) = &step.state {
            let anew = match (state.info.key, &carried, &replaced) {
                (Some(key), Some(carried), None) if carried == key => None,
                (Some(key), ..) => Some(key.to_owned()),
                (None, None, _) => return Err(no_key(step)),
                (None, Some(key), Some(by)) if by.batch.is_some() => {
                    if by.row.shape.find(key).is_none() {
                        return Err(key_lost(step, key, by));
                    }
                    Some(key.clone())
                }
                (None, Some(_), _) => None,
            };
            if let Some(key) = anew {
                if let Some(last) = stages.last_mut() {
                    last.end = at;
                }
                stages.push(StagePlan {
                    first: at,
                    end: steps.len(),
                    key: Some(key.as_str().into()),
                });
                carried = Some(key);
                replaced = None;
            }
        }
        if let HandsOn::Rows(row) = step.info.on {
            let before = replaced.and_then(|before| before.batch);
            let batch = if step.info.takes.batch { Some(step) } else { before };
            replaced = Some(Replaced { row, batch });
        }
    }
    Ok(stages)
}

/// Jumps from one stage to another: rows that changed lanes cannot go back, and none may pass a change by.
pub(super) fn jumps_across(steps: &[StepPlan], stages: &[StagePlan]) -> Vec<Problem> {
    let stage = |at: usize| {
        stages
            .iter()
            .position(|stage| (stage.first..stage.end).contains(&at))
    };
    let mut problems = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        for (to, target) in &step.jumps {
            if !matches!(to, JumpTo::Function(_)) || stage(at) == stage(*target) {
                continue;
            }
            let between = stages.iter().find_map(|stage| {
                let inside = at.min(*target) < stage.first && stage.first <= at.max(*target);
                Some((&steps[stage.first].name, stage.key.as_deref()?)).filter(|_| inside)
            });
            let (by, key) = between.map_or(("", ""), |(by, key)| (by, key));
            let text = format!(
                "step {} may jump to {}, but step {by} keeps state by {key}, for which rows change lanes between the two",
                step.name, steps[*target].name
            );
            problems.push(
                at_step(Code::JumpAcross, step, text)
                    .help(format!("move the jump and its target to one side of {by}")),
            );
        }
    }
    problems
}

/// Steps of `at_end` that keep state: no row comes to them, so there is no key.
pub(super) fn state_at_end(steps: &[StepPlan]) -> impl Iterator<Item = Problem> {
    steps.iter().filter(|step| step.state.is_some()).map(|step| {
        let text = format!(
            "step {} of at_end keeps state, but no row with a key comes to it",
            step.name
        );
        at_step(Code::StateWithoutKey, step, text)
            .help("keep it in an embedded table, or move the step among those of `flows`")
    })
}

/// Rows that are not those that the stage began with.
#[derive(Clone, Copy)]
struct Replaced<'a> {
    row: &'static RowInfo,
    /// The last step that made rows of a whole batch.
    batch: Option<&'a StepPlan>,
}

/// The problem at a step.
fn at_step(code: Code, step: &StepPlan, text: String) -> Problem {
    Problem::error(code, step.place.as_ref().unwrap_or(&Place::in_code()), text)
}

fn no_key(step: &StepPlan) -> Problem {
    let text = format!("step {} keeps state, but its rows carry no key", step.name);
    at_step(Code::StateWithoutKey, step, text).help(
        "say `order: { by: FIELD }` at every source of the flow, or `key = \"FIELD\"` in the function's attribute",
    )
}

/// A key that the rows of a whole batch do not have.
fn key_lost(step: &StepPlan, key: &str, replaced: &Replaced<'_>) -> Problem {
    let row = replaced.row.shape.name;
    let by = replaced.batch.map_or("", |by| &by.name);
    let text = format!(
        "step {} keeps state by {key}, but step {by} makes its rows of a whole batch, and {row} has no field {key}",
        step.name
    );
    at_step(Code::StateWithoutKey, step, text).help(format!(
        "add the field {key} to {row}, or say `key = \"FIELD\"` in the attribute of {}",
        step.info.name
    ))
}
