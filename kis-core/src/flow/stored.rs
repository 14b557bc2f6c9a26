//! Whether the state in the store is that of the flows that are to run: their steps, and the types that they keep.

use kis_conf::{Code, Place, Problem, Problems};
use kis_conn::store::{StateRecord, Store, StoreError, StoredState};

use super::plan::{FlowPlan, Plan, StepPlan, StepState};
use crate::state::StateShape;

/// State of the plan's flows that no step takes, or none can read.
///
/// # Errors
/// If the store cannot be read.
pub(crate) fn check(plan: &Plan, store: &Store) -> Result<Problems, StoreError> {
    let stored = store.states()?;
    let mut problems = Problems::default();
    for state in &stored {
        // The flows of a plan are sorted by name.
        let flow = plan
            .flows
            .binary_search_by(|flow| (*flow.name).cmp(&state.flow))
            .map(|at| &plan.flows[at]);
        let Ok(flow) = flow else { continue };
        let step = flow.steps.iter().find(|step| *step.name == *state.step);
        match step.and_then(|step| Some((step, step.state?))) {
            Some((step, of)) => problems.extend(
                state
                    .record
                    .as_ref()
                    .and_then(|record| changed(flow, step, &of, record)),
            ),
            None => problems.push(gone(flow, state, &stored, step.is_some())),
        }
    }
    Ok(problems)
}

/// What the state of this plan's steps is stored as.
pub(crate) fn records(flow: &FlowPlan) -> Vec<(std::sync::Arc<str>, StateRecord)> {
    let kept = flow.steps.iter().filter_map(|step| Some((step, step.state?)));
    kept.map(|(step, state)| {
        let record = StateRecord {
            version: state.info.version,
            fingerprint: state.fingerprint,
            type_name: (state.info.type_name)().to_owned(),
            form: state.info.shape().to_string(),
        };
        (step.name.clone(), record)
    })
    .collect()
}

/// What is wrong with the stored state of a step, if its type cannot read it.
pub(crate) fn changed(
    flow: &FlowPlan,
    step: &StepPlan,
    state: &StepState,
    record: &StateRecord,
) -> Option<Problem> {
    if (record.version, record.fingerprint) == (state.info.version, state.fingerprint) {
        return None;
    }
    let (now, of) = (state.info.short_name(), &state.info);
    let (flow, name) = (&flow.name, &step.name);
    let forget = format!("forget the state with `state drop {flow} {name}`");
    let stored = format!("the stored state of step {name} of flow {flow}");
    let form = StateShape::parse(&record.form);
    let versions = (of.versions)();
    let known = versions.iter().find(|known| known.version == record.version);
    let (text, help) = match known {
        Some(known) if known.shape.fingerprint() == record.fingerprint => return None,
        Some(known) => {
            let was = known.shape.changes(&form).join(", ");
            let name = known.type_name.rsplit("::").next().unwrap_or_default();
            let text = format!("{stored} is not what {name} is now: {was}");
            let next = of.version + 1;
            let help = if known.version == of.version {
                format!(
                    "keep the old type beside {now}, write #[state(version = {next}, migrate_from = OLD_TYPE)] at {now}, \
                     and say by `impl From<OLD_TYPE> for {now}` how an old value becomes a new one; or bring the old \
                     fields back, or {forget}"
                )
            } else {
                format!("bring the fields of {name} back as they were, or {forget}")
            };
            (text, help)
        }
        None if record.version > of.version => (
            format!(
                "{stored} has version {}, and {now} has version {} in this program",
                record.version, of.version
            ),
            format!("run the program that wrote it, or a later one, or {forget}"),
        ),
        None => (
            format!(
                "{stored} has version {}, and {now} of version {} does not say how it is migrated",
                record.version, of.version
            ),
            format!(
                "bring back the type of version {}, which was {}, and say migrate_from = OLD_TYPE in #[state(..)] of {now} \
                 or of a version between; or {forget}",
                record.version,
                record.form.lines().collect::<Vec<_>>().join(", ")
            ),
        ),
    };
    let place = step.place.clone().unwrap_or_else(Place::in_code);
    Some(Problem::error(Code::StateChanged, &place, text).help(help))
}

/// State of a step that is not there, or keeps none.
fn gone(flow: &FlowPlan, state: &StoredState, stored: &[StoredState], there: bool) -> Problem {
    let (name, step) = (&flow.name, &state.step);
    let why = if there {
        format!("step {step} keeps no state")
    } else {
        "the flow has no such step".to_owned()
    };
    let keys = match state.keys {
        1 => "one key".to_owned(),
        keys => format!("{keys} keys"),
    };
    let text = format!("the store holds state of step {step} of flow {name} for {keys}, and {why}");
    let new = heir(flow, state, stored).unwrap_or("NEW_STEP");
    let back = if there {
        "bring its State argument back".to_owned()
    } else {
        format!("name the step as it was with `as: {step}`")
    };
    let help = format!(
        "{back}, give the state to another step with `state mv {name} {step} {new}`, or forget it with `state drop {name} {step}`"
    );
    Problem::error(Code::StateGone, &flow.conf.name.place, text).help(help)
}

/// A step that keeps state of the same form and has none in the store: the same step under a new name, most likely.
fn heir<'a>(flow: &'a FlowPlan, state: &StoredState, stored: &[StoredState]) -> Option<&'a str> {
    let fingerprint = state.record.as_ref()?.fingerprint;
    let has_none = |step: &StepPlan| {
        !stored
            .iter()
            .any(|other| *other.flow == *flow.name && *other.step == *step.name)
    };
    let same = |step: &StepPlan| step.state.is_some_and(|state| state.fingerprint == fingerprint);
    let step = flow.steps.iter().find(|step| same(step) && has_none(step))?;
    Some(&step.name)
}
