//! Steps get unique names and what their func documents say.

use std::collections::{HashMap, HashSet};

use crate::{
    Code, FlowConf, FlowDoc, FlowOf, FunctionDoc, Param, Place, Placed, Problem, Problems, StepConf, StepDoc,
};

/// A flow with complete steps. `functions` are sorted by name.
pub(super) fn bind(flow: FlowDoc, functions: &[FunctionDoc], problems: &mut Problems) -> FlowConf {
    let mut namer = Namer::new(&flow);
    let (steps, at_end): (Vec<StepDoc>, Vec<StepDoc>) = (flow.steps, flow.at_end);
    let mut bind = |step: StepDoc| {
        let name = namer.name(&step, problems);
        let at = functions.binary_search_by(|func| func.name.value.cmp(&step.fname.value));
        overlay(step, name, at.ok().map(|at| &functions[at]))
    };
    let steps = steps.into_iter().map(&mut bind).collect();
    let at_end = at_end.into_iter().map(&mut bind).collect();
    FlowOf {
        name: flow.name,
        on: flow.on,
        kisflow: flow.kisflow,
        steps,
        at_end,
        sources: flow.sources,
        after: flow.after,
        delivery: flow.delivery,
        lanes: flow.lanes,
        limits: flow.limits,
        parked: flow.parked,
        max_jumps: flow.max_jumps,
        on_error: flow.on_error,
        dead_letter: flow.dead_letter,
    }
}

/// What the step says, and what its func document says where the step is silent.
fn overlay(step: StepDoc, name: Placed<String>, func: Option<&FunctionDoc>) -> StepConf {
    StepConf {
        place: step.place,
        named: step.name.is_some(),
        name,
        mode: func.and_then(|func| func.mode.clone()),
        conn: step.conn.or_else(|| func.and_then(|func| func.conn.clone())),
        source_name: func.and_then(|func| func.source_name.clone()),
        must: func.map(|func| func.must.clone()).unwrap_or_default(),
        retry: func.and_then(|func| func.retry),
        params: params(
            func.map(|func| func.params.as_slice()).unwrap_or_default(),
            step.params,
        ),
        fname: step.fname,
        on_error: step.on_error,
        state_ttl: step.state_ttl,
    }
}

/// The defaults, each replaced by the step's own of the same key, then the step's others.
fn params(defaults: &[Param], own: Vec<Param>) -> Vec<Param> {
    let mut own: Vec<Option<Param>> = own.into_iter().map(Some).collect();
    let mut at: HashMap<String, usize> = HashMap::new();
    for (i, param) in own.iter().enumerate() {
        at.extend(param.as_ref().map(|param| (param.key.value.clone(), i)));
    }
    let replaced = defaults.iter().map(|default| {
        let own = at.get(&default.key.value).and_then(|i| own[*i].take());
        own.unwrap_or_else(|| default.clone())
    });
    let mut all: Vec<Param> = replaced.collect();
    all.extend(own.into_iter().flatten());
    all
}

/// Gives every step of a flow its name.
struct Namer {
    flow: String,
    /// KisFlow cannot name steps, so the flow's later uses of a function are numbered.
    kisflow: bool,
    /// Every name that a step asks for, so that a made-up one does not take it.
    asked: HashSet<String>,
    taken: HashMap<String, Place>,
    /// The number to try next for a function that is used again.
    next: HashMap<String, usize>,
}

impl Namer {
    fn new(flow: &FlowDoc) -> Self {
        let steps = flow.steps.iter().chain(&flow.at_end);
        let asked = steps
            .map(|step| step.name.as_ref().unwrap_or(&step.fname).value.clone())
            .collect();
        let (taken, next) = (HashMap::new(), HashMap::new());
        Self {
            flow: flow.name.value.clone(),
            kisflow: flow.kisflow,
            asked,
            taken,
            next,
        }
    }

    fn name(&mut self, step: &StepDoc, problems: &mut Problems) -> Placed<String> {
        let name = step.name.as_ref().unwrap_or(&step.fname);
        let Some(first) = self.taken.get(&name.value).cloned() else {
            self.taken.insert(name.value.clone(), name.place.clone());
            return name.clone();
        };
        let free = self.free(name);
        if !self.kisflow {
            let message = format!("two steps of flow {} are named {name}", self.flow);
            let problem = Problem::error(Code::DuplicateStep, &name.place, message).label("named again");
            let help = format!("give this one a name of its own: as: {free}; the other is at {first}");
            problems.push(problem.help(help).note(&first, "named first"));
        }
        self.taken.insert(free.clone(), name.place.clone());
        Placed::new(free, name.place.clone())
    }

    /// `f_2`, `f_3`, ..: the first that no step has or asks for.
    fn free(&mut self, name: &str) -> String {
        let next = self.next.entry(name.to_owned()).or_insert(2);
        loop {
            let free = format!("{name}_{next}");
            *next += 1;
            if !self.taken.contains_key(&free) && !self.asked.contains(&free) {
                return free;
            }
        }
    }
}
