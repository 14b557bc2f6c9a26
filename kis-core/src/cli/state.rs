//! `state`: the keyed state that the store holds, looked at and changed while the flows are stopped.

use clap::Subcommand;
use kis_conn::store::{KEY_GROUPS, StateValue, Store, StoredState};

use super::{
    App, Exit, args::Common, load::Loaded, refused::Refused, store::At, streams::Streams, table::table,
};
use crate::{
    flow::{FlowPlan, StepPlan, stored},
    observe::show::count,
    row::key::{Key, KeyRef, Keys},
};

#[derive(Debug, Subcommand)]
pub(super) enum State {
    /// List the steps that have state: its type, version, and number of keys
    Ls {
        /// Only this flow
        flow: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Print the state of one key as JSON
    Get {
        /// The flow
        flow: String,
        /// The step
        step: String,
        /// The key's value: a number, a text, true, false or null
        key: String,
        #[command(flatten)]
        at: At,
    },
    /// Forget the state of a step
    Drop {
        /// The flow
        flow: String,
        /// The step
        step: String,
        /// Do it
        #[arg(long)]
        yes: bool,
        /// Only say what would go
        #[arg(long, conflicts_with = "yes")]
        dry_run: bool,
        #[command(flatten)]
        at: At,
    },
    /// Give the state of a step to another step of its flow, as after a step was renamed
    Mv {
        /// The flow
        flow: String,
        /// The step that has the state
        step: String,
        /// The step that is to have it
        to: String,
        #[command(flatten)]
        at: At,
    },
}

/// Does what the command says.
pub(super) fn state(app: &App, common: &Common, command: &State, streams: &mut Streams) -> Exit {
    let (State::Ls { at, .. } | State::Get { at, .. } | State::Drop { at, .. } | State::Mv { at, .. }) =
        command;
    at.with((app, common), streams, |loaded, store| match command {
        State::Ls { flow, .. } => list(loaded, store, flow.as_deref()),
        State::Get { flow, step, key, .. } => get(loaded, store, (flow, step), key),
        State::Drop {
            flow,
            step,
            yes,
            dry_run,
            ..
        } => drop_state(store, (flow, step), *yes, *dry_run),
        State::Mv { flow, step, to, .. } => move_state(loaded, store, (flow, step), to),
    })
}

fn list(loaded: &Loaded, store: &Store, only: Option<&str>) -> Result<String, Refused> {
    let stored = store.states()?;
    if let Some(flow) = only
        && !stored.iter().any(|state| state.flow == flow)
    {
        return Err(no_state(flow, &stored));
    }
    let rows = stored
        .iter()
        .filter(|state| only.is_none_or(|flow| state.flow == flow))
        .map(|state| {
            let record = state.record.as_ref();
            vec![
                state.flow.clone(),
                state.step.clone(),
                record.map_or_else(String::new, |record| short(&record.type_name).to_owned()),
                record.map_or_else(String::new, |record| record.version.to_string()),
                count(state.keys),
                fits(loaded, state),
            ]
        });
    Ok(table(
        &["flow", "step", "type", "version", "keys", "in this program"],
        &[3, 4],
        rows,
    ))
}

fn short(type_name: &str) -> &str {
    type_name.rsplit("::").next().unwrap_or(type_name)
}

/// Whether the program takes the state as it is stored.
fn fits(loaded: &Loaded, state: &StoredState) -> String {
    let Some(flow) = flow_of(loaded, &state.flow) else {
        return "no such flow".to_owned();
    };
    let step = flow.steps.iter().find(|step| *step.name == *state.step);
    match step.and_then(|step| Some((step, step.state?))) {
        None => "no such state".to_owned(),
        Some((step, of)) => {
            let record = state.record.as_ref();
            match record.and_then(|record| stored::changed(flow, step, &of, record)) {
                Some(problem) => format!("changed ({})", problem.code),
                None => match of.info.version {
                    now if record.is_some_and(|record| record.version < now) => {
                        format!("will be version {now}")
                    }
                    _ => "yes".to_owned(),
                },
            }
        }
    }
}

fn get(loaded: &Loaded, store: &Store, of: (&str, &str), key: &str) -> Result<String, Refused> {
    let state = found(store, of)?;
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
    for reading in readings(key) {
        let key = reading.as_ref();
        if let Some(value) = store.state_value(of.0, of.1, key.group(), &key.canonical())?
            && value.expires_ms >= now
        {
            let json = json(step_of(loaded, of), &value).map_err(|text| {
                Refused::failed(format!(
                    "the state of key {key} of step {} cannot be read: {text}",
                    of.1
                ))
            })?;
            return Ok(format!("{json}\n"));
        }
    }
    let mut keys = Vec::new();
    store.state(of.0, of.1, 0..KEY_GROUPS, |_, key, value| {
        if keys.len() < MANY && value.expires_ms >= now {
            keys.push(KeyRef::from_canonical(key).to_string());
        }
    })?;
    let known: Vec<&str> = keys.iter().map(String::as_str).collect();
    let what = format!(
        "step {} has state of {} keys, and none of key {key}",
        state.step,
        count(state.keys)
    );
    Err(Refused {
        exit: Exit::Failed,
        ..Refused::unknown(what, key, &known)
    })
}

/// So many keys are looked at for one that is near.
const MANY: usize = 10_000;

/// The keys that a text may mean, the likeliest first.
fn readings(text: &str) -> Vec<Key> {
    let mut keys = Keys::default();
    if let Ok(int) = text.parse() {
        keys.push_int(int);
    }
    keys.push_text(text);
    match text {
        "null" => keys.push_null(),
        "true" | "false" => keys.push_bool(text == "true"),
        _ => {}
    }
    if let Ok(float) = text.parse() {
        keys.push_float(float);
    }
    (0..keys.len()).map(|i| keys.get(i).to_key()).collect()
}

/// The value as the program's type sees it; as it stands in the store where the program has no such step.
fn json(step: Option<&StepPlan>, value: &StateValue) -> Result<String, String> {
    match step.and_then(|step| step.state) {
        Some(state) => (state.info.json)(value.version, &value.bytes),
        None => rmp_serde::from_slice(&value.bytes)
            .map(|value: serde_json::Value| value.to_string())
            .map_err(|error| error.to_string()),
    }
}

fn drop_state(store: &Store, of: (&str, &str), yes: bool, dry_run: bool) -> Result<String, Refused> {
    let state = found(store, of)?;
    let what = format!(
        "the state of step {} of flow {}: {} keys",
        of.1,
        of.0,
        count(state.keys)
    );
    if !yes && !dry_run {
        return Err(Refused::usage(format!(
            "this would forget {what}; say --yes to do it"
        )));
    }
    if dry_run {
        return Ok(format!("would forget {what}\n"));
    }
    store.drop_state(of.0, of.1)?;
    Ok(format!("forgot {what}\n"))
}

fn move_state(loaded: &Loaded, store: &Store, of: (&str, &str), to: &str) -> Result<String, Refused> {
    found(store, of)?;
    if let Some(flow) = flow_of(loaded, of.0) {
        let steps: Vec<&str> = flow
            .steps
            .iter()
            .filter(|step| step.state.is_some())
            .map(|step| &*step.name)
            .collect();
        if !steps.contains(&to) {
            let what = format!("flow {} has no step {to} that keeps state", of.0);
            return Err(Refused::unknown(what, to, &steps));
        }
    }
    if to != of.1 && found(store, (of.0, to)).is_ok() {
        return Err(Refused::usage(format!(
            "step {to} has state of its own; forget that first with `state drop {} {to}`",
            of.0
        )));
    }
    store.move_state(of.0, of.1, to)?;
    Ok(format!("step {to} of flow {} has the state of {}\n", of.0, of.1))
}

/// The state of a step; else what there is.
fn found(store: &Store, (flow, step): (&str, &str)) -> Result<StoredState, Refused> {
    let stored = store.states()?;
    if !stored.iter().any(|state| state.flow == flow) {
        return Err(no_state(flow, &stored));
    }
    let own = || stored.iter().filter(|state| state.flow == flow);
    match own().find(|state| state.step == step) {
        Some(state) => Ok(state.clone()),
        None => {
            let known: Vec<&str> = own().map(|state| &*state.step).collect();
            let what = format!("the store holds no state of step {step} of flow {flow}");
            Err(Refused::unknown(what, step, &known))
        }
    }
}

fn no_state(flow: &str, stored: &[StoredState]) -> Refused {
    let mut known: Vec<&str> = stored.iter().map(|state| &*state.flow).collect();
    known.dedup();
    Refused::unknown(format!("the store holds no state of flow {flow}"), flow, &known)
}

fn flow_of<'a>(loaded: &'a Loaded, name: &str) -> Option<&'a FlowPlan> {
    let flow = loaded.plan.flows.iter().find(|flow| *flow.name == *name)?;
    Some(flow)
}

fn step_of<'a>(loaded: &'a Loaded, (flow, step): (&str, &str)) -> Option<&'a StepPlan> {
    let steps = &flow_of(loaded, flow)?.steps;
    steps.iter().find(|of| *of.name == *step).map(|step| &**step)
}
