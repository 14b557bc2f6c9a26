//! How rows go through the steps of a flow: the key they carry, the part without lanes, the types they are decoded into,
//! the jumps.

use kis_conf::Order;

use super::plan::{SourcePlan, StagePlan, StepPlan};
use crate::{
    function::{HandsOn, JumpTo},
    row::RowInfo,
};

/// The key that rows carry from the sources on: the field they are ordered by, if it is the same for all of them.
pub(super) fn common_key(sources: &[SourcePlan]) -> Option<String> {
    let mut keys = sources.iter().map(|source| match &source.conf.order {
        Order::By(field) => Some(field.value.clone()),
        Order::Partition | Order::None => None,
    });
    let first = keys.next()??;
    keys.all(|key| key.as_ref() == Some(&first)).then_some(first)
}

/// How many steps from the first on need no lane.
pub(super) fn head(steps: &[StepPlan], stage: Option<&StagePlan>) -> usize {
    let end = stage.map_or(0, |stage| stage.end);
    let free = |step: &StepPlan| step.info.stateless && step.info.takes.row.is_some() && !step.jump_target;
    steps[..end].iter().take_while(|step| free(step)).count()
}

/// The types that raw rows are decoded into: those of all steps up to the first that replaces the rows.
pub(super) fn decoded(steps: &[StepPlan]) -> Vec<&'static RowInfo> {
    let mut rows: Vec<&'static RowInfo> = Vec::new();
    for step in steps {
        if let Some(row) = step.info.takes.row
            && !rows.iter().any(|known| std::ptr::eq(known.shape, row.shape))
        {
            rows.push(row);
        }
        if !matches!(step.info.on, HandsOn::WhatCameIn) {
            break;
        }
    }
    rows
}

/// Fixes the row type of a source whose rows only one type ever looks at before they are replaced: they are decoded
/// into it, and the raw form need not travel with them.
pub(super) fn fix_row(source: SourcePlan, steps: &[StepPlan], decoded: &[&'static RowInfo]) -> SourcePlan {
    let replaces = |step: &StepPlan| !matches!(step.info.on, HandsOn::WhatCameIn);
    let looking = steps.iter().position(replaces).map_or(steps.len(), |at| at + 1);
    match decoded {
        [row]
            if source.row.is_none() && steps[..looking].iter().all(|step| step.info.takes.row.is_some()) =>
        {
            SourcePlan {
                row: Some(row),
                ..source
            }
        }
        _ => source,
    }
}

/// Finds for each declared jump the step that it goes to.
pub(super) fn with_jumps(mut steps: Vec<StepPlan>, own: usize) -> Vec<StepPlan> {
    for at in 0..steps.len() {
        let range = if at < own { 0..own } else { own..steps.len() };
        for name in steps[at].info.jumps {
            for target in range.clone() {
                let step = &steps[target];
                if step.info.name == *name || *step.name == **name {
                    let by_step = JumpTo::Step(step.name.to_string().into());
                    steps[target].jump_target = true;
                    steps[at].jumps.push((JumpTo::Function(name), target));
                    steps[at].jumps.push((by_step, target));
                }
            }
        }
    }
    steps
}
