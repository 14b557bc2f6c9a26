//! Flows that wait for each other by `after` would never start.

use std::collections::HashMap;

use crate::{Code, FlowConf, Problem, Problems};

/// More cycles than anyone repairs at once.
const MOST: usize = 100;

/// Reports each cycle once.
pub(super) fn check(flows: &[FlowConf], problems: &mut Problems) {
    let index: HashMap<&str, usize> = flows
        .iter()
        .enumerate()
        .map(|(i, flow)| (flow.name.as_str(), i))
        .collect();
    let after: Vec<Vec<usize>> = flows
        .iter()
        .map(|flow| {
            flow.after
                .iter()
                .filter_map(|name| index.get(name.as_str()).copied())
                .collect()
        })
        .collect();
    let mut waiting = vec![true; flows.len()];
    for _ in 0..MOST {
        start(&after, &mut waiting);
        let Some(cycle) = cycle(&after, &waiting) else {
            return;
        };
        problems.push(problem(flows, &cycle));
        // As if the cycle were broken: what waits for it can start, other cycles remain.
        cycle.iter().for_each(|flow| waiting[*flow] = false);
    }
}

/// Starts every flow that can start, until none is left or all that are left wait.
fn start(after: &[Vec<usize>], waiting: &mut [bool]) {
    let mut open: Vec<usize> = after
        .iter()
        .map(|names| names.iter().filter(|name| waiting[**name]).count())
        .collect();
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); after.len()];
    for (flow, names) in after.iter().enumerate() {
        names.iter().for_each(|name| behind[*name].push(flow));
    }
    let mut ready: Vec<usize> = (0..after.len())
        .filter(|flow| waiting[*flow] && open[*flow] == 0)
        .collect();
    while let Some(flow) = ready.pop() {
        waiting[flow] = false;
        for next in &behind[flow] {
            open[*next] -= 1;
            if open[*next] == 0 && waiting[*next] {
                ready.push(*next);
            }
        }
    }
}

/// A cycle among the flows that still wait: each of them waits for another such.
fn cycle(after: &[Vec<usize>], waiting: &[bool]) -> Option<Vec<usize>> {
    let mut path = vec![waiting.iter().position(|waits| *waits)?];
    let mut seen = HashMap::from([(path[0], 0)]);
    loop {
        let last = *path.last()?;
        let next = after[last].iter().copied().find(|name| waiting[*name])?;
        if let Some(from) = seen.insert(next, path.len()) {
            return Some(path.split_off(from));
        }
        path.push(next);
    }
}

fn problem(flows: &[FlowConf], cycle: &[usize]) -> Problem {
    let names: Vec<&str> = cycle
        .iter()
        .chain(&cycle[..1])
        .map(|flow| flows[*flow].name.as_str())
        .collect();
    let first = &flows[cycle[0]];
    let place = first
        .after
        .iter()
        .find(|name| name.value == names[1])
        .map_or(&first.name.place, |name| &name.place);
    let message = match cycle.len() {
        1 => format!("flow {} waits for itself", first.name),
        _ => format!("flows wait for each other: {}", names.join(" after ")),
    };
    let mut problem = Problem::error(Code::AfterCycle, place, message).label("closes the circle");
    for flow in &cycle[1..] {
        problem = problem.note(
            flows[*flow].place(),
            format!("{} is declared here", flows[*flow].name),
        );
    }
    problem.help("remove one of these names from its after")
}
