//! What must hold of every cut, and at the end.

use std::collections::HashMap;

use crate::{
    case::{Case, Order},
    functions::{Fault, Id, World},
    snapshot::Snapshot,
};

/// What became of a committed row: how many steps it has passed, and how that is known.
#[derive(Clone, Copy)]
struct Fate {
    passed: usize,
    why: &'static str,
}

/// Each row at or below the committed position has exactly one fate, each row above it none; effects and state are
/// exactly those of the rows that have passed their step, in order.
pub fn check_cut(case: &Case, taken: &Snapshot) -> Result<(), String> {
    let fates = fates(case, taken)?;
    for (at, step) in case.steps.iter().enumerate() {
        if !taken.effects.contains_key(step) && !taken.states.contains_key(step) {
            continue;
        }
        let mut passed: Vec<Id> = case
            .ids()
            .filter(|id| fates.get(id).is_some_and(|fate| fate.passed > at))
            .collect();
        passed.sort_unstable();
        let effect = taken.effect(step);
        if passed != effect {
            return Err(format!(
                "step {step} has had its effect for {effect:?}, and these rows have passed it: {passed:?}"
            ));
        }
    }
    check_order(case, taken)?;
    check_nth(case, taken)
}

/// Everything is settled, and nothing came out more often than it may.
pub fn check_end(case: &Case, taken: &Snapshot, world: &World, runs: usize) -> Result<(), String> {
    let fates = fates(case, taken)?;
    if !taken.parked.is_empty() {
        return Err(format!("the flow ended with parked rows: {:?}", taken.parked));
    }
    for id in case.ids() {
        if !fates.contains_key(&id) {
            return Err(format!("row {id:?} was never settled"));
        }
    }
    let mailed = world.mailed.lock().unwrap();
    if let Some(at) = case.steps.iter().position(|step| *step == "mail") {
        for (id, fate) in &fates {
            let times = mailed.get(id).copied().unwrap_or_default();
            if fate.passed > at && times == 0 {
                return Err(format!("row {id:?} has passed step mail without its effect"));
            }
        }
        if runs == 1
            && !case.has(Fault::Retry)
            && let Some((id, times)) = mailed.iter().find(|(_, times)| **times > 2)
        {
            return Err(format!("row {id:?} was mailed {times} times"));
        }
    }
    // Steps that see a batch may take the faults of one row for those of another.
    let alone = |step: &&str| !matches!(*step, "whole" | "save_whole" | "write" | "mail");
    if case.steps.iter().all(alone) && !case.has(Fault::Panic) {
        for (id, code) in &taken.codes {
            let row = case.row(*id).expect("it is one of the case");
            if row.faults.is_empty() && !row.broken && !code.contains("parked_full") {
                return Err(format!("row {id:?} never failed and is a dead letter: {code}"));
            }
        }
    }
    Ok(())
}

fn fates(case: &Case, taken: &Snapshot) -> Result<HashMap<Id, Fate>, String> {
    let mut found: HashMap<Id, Vec<Fate>> = HashMap::new();
    let step = |name: &str| {
        case.steps
            .iter()
            .position(|step| *step == name)
            .ok_or_else(|| format!("a row is at step {name}, which the flow does not have"))
    };
    for (row, name) in &taken.letters {
        let fate = Fate {
            passed: step(name)?,
            why: "dead letter",
        };
        found.entry(row.id()).or_default().push(fate);
    }
    for (row, name) in &taken.parked {
        let fate = Fate {
            passed: step(name)?,
            why: "parked",
        };
        found.entry(row.id()).or_default().push(fate);
    }
    for row in &taken.effects["finish"] {
        let fate = Fate {
            passed: case.steps.len(),
            why: "done",
        };
        found.entry(row.id()).or_default().push(fate);
    }
    let mut fates = HashMap::new();
    for id in case.ids() {
        let committed = id.1 < taken.committed[id.0 as usize];
        let of_row = found.remove(&id).unwrap_or_default();
        match (&*of_row, committed) {
            ([], false) => {}
            ([fate], true) => drop(fates.insert(id, *fate)),
            ([], true) => {
                let dropped = case.row(id).is_some_and(|row| row.dropped) && case.steps[0] == "look";
                if !dropped {
                    return Err(format!("row {id:?} is committed, and nothing is left of it"));
                }
                fates.insert(
                    id,
                    Fate {
                        passed: 0,
                        why: "dropped",
                    },
                );
            }
            (of_row, true) => return Err(format!("row {id:?} is in several places: {}", places(of_row))),
            (of_row, false) => {
                return Err(format!(
                    "row {id:?} is not committed, and is already somewhere: {}",
                    places(of_row)
                ));
            }
        }
    }
    match found.keys().next() {
        Some(id) => Err(format!("row {id:?} was never read, and there is something of it")),
        None => Ok(fates),
    }
}

fn places(fates: &[Fate]) -> String {
    let place = |fate: &Fate| format!("{} behind {} steps", fate.why, fate.passed);
    fates.iter().map(place).collect::<Vec<_>>().join(", ")
}

/// Rows of one partition and one key, or of one partition where that is the order, came in the order in which they
/// were read.
fn check_order(case: &Case, taken: &Snapshot) -> Result<(), String> {
    if case.order == Order::None {
        return Ok(());
    }
    for (step, states) in &taken.states {
        for ids in states.values() {
            let mut last: HashMap<(i64, Option<usize>), i64> = HashMap::new();
            for &(src, n) in ids {
                let key = case
                    .row((src, n))
                    .map(|row| row.key)
                    .filter(|_| case.order == Order::Key);
                let before = last.insert((src, key), n);
                if before.is_some_and(|before| before >= n) {
                    return Err(format!(
                        "row {n} of partition {src} is out of order at step {step}: {ids:?}"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// What a row took along from the state is what the state says.
fn check_nth(case: &Case, taken: &Snapshot) -> Result<(), String> {
    let fold = |step: &&str| matches!(*step, "fold" | "fold_all");
    let Some(at) = case.steps.iter().position(fold) else {
        return Ok(());
    };
    let states = taken.states[case.steps[at]].values();
    let nth: HashMap<Id, i64> = states.flat_map(|ids| ids.iter().copied().zip(1i64..)).collect();
    let effects = taken
        .effects
        .iter()
        .flat_map(|(step, rows)| rows.iter().map(move |row| (*step, row)));
    let waiting = taken
        .letters
        .iter()
        .chain(&taken.parked)
        .map(|(row, step)| (step.as_str(), row));
    for (step, row) in effects.chain(waiting) {
        let behind = case
            .steps
            .iter()
            .position(|of| *of == step)
            .is_some_and(|of| of > at);
        let known = nth.get(&row.id()).copied().filter(|_| behind);
        if row.nth != known {
            return Err(format!(
                "row {:?} is number {:?} of its key, and says {:?} at step {step}",
                row.id(),
                known,
                row.nth
            ));
        }
    }
    Ok(())
}
