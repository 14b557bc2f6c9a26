//! Warns of flows in which rows of one key in one batch do not see what was saved for the row before.

use kis_conf::{Code, Mode, Problem};

use super::plan::{FlowPlan, StepPlan};

/// A step that loads from the connector that a later one saves to, in batches that may hold a key twice.
pub(super) fn key_twice(flow: &FlowPlan) -> Option<Problem> {
    let source = flow.sources.iter().find(|source| !source.conf.batch.unique)?;
    let uses = |step: &StepPlan, mode: Mode| step.info.mode == mode && !step.conns.is_empty();
    let loads = flow
        .own()
        .iter()
        .enumerate()
        .filter(|(_, step)| uses(step, Mode::Load));
    let (load, save) = loads
        .flat_map(|(at, load)| flow.own()[at + 1..].iter().map(move |save| (load, save)))
        .find(|(load, save)| {
            let shared = |conn: &usize| load.conns.iter().any(|(_, of)| of == conn);
            uses(save, Mode::Save) && save.conns.iter().any(|(_, conn)| shared(conn))
        })?;
    let text = format!(
        "step {} loads from what step {} saves to: rows of one key in one batch all load what was there before the first of them",
        load.name, save.name
    );
    let help = format!("say `batch: {{ unique: true }}` at source {}", source.name);
    let place = load.place.as_ref()?;
    Some(
        Problem::error(Code::KeyTwiceInBatch, place, text)
            .warning()
            .help(help),
    )
}
