//! Builds what a flow runs with: opened sources, lanes with their clients and their state.

use std::{ops::Range, sync::Arc, time::Duration};

use kis_conf::{Code, Order};
use kis_conn::{
    LaneContext, LaneLog,
    store::{FlowTables, Store},
};
use tokio::sync::mpsc;

use super::{
    around::Surroundings,
    call::{Renew, StepRun},
    chain::{Chain, Onward, Route},
    conns::OpenConns,
    failure::Fallen,
    fault::Fault,
    follow::Follow,
    guards::Guards,
    lane::{Answer, Exchange, Lane},
    parked::Parked,
    seat::Seat,
    shelf::Shelf,
    unpark::Unparked,
    waits::{self, Waits},
    work::Work,
};
use crate::{
    error::Error,
    flow::{FlowPlan, StepPlan, stored},
    function::{Cache, Call, Ctx, Exts, Meta},
    row::key::{KeyRef, groups_of, lane_of},
};

/// What lanes are built from.
pub(super) struct Kit<'a> {
    pub(super) plan: &'a Arc<FlowPlan>,
    pub(super) conns: &'a OpenConns,
    pub(super) exts: &'a Exts,
    pub(super) store: &'a Store,
    pub(super) around: &'a Surroundings,
    pub(super) tables: &'a FlowTables,
    pub(super) guards: &'a Arc<Guards>,
}

/// The lanes of a flow.
pub(super) struct Built {
    /// The lanes of each stage.
    pub(super) stages: Vec<Arc<[Arc<Lane>]>>,
    /// The lane of `at_end`, if the flow has such steps.
    pub(super) last: Option<Arc<Lane>>,
    /// The rows that are parked in all lanes.
    pub(super) parked: Arc<Parked>,
    /// How many lanes there are, the last one included.
    pub(super) count: usize,
    /// The parts of the head's steps.
    pub(super) heads: Vec<StepParts>,
}

/// A step without state, from which any worker makes its own.
pub(super) struct StepParts {
    at: usize,
    plan: Arc<StepPlan>,
    cx: Ctx,
    again: Arc<dyn Fn(&Error) -> bool + Send + Sync>,
}

impl StepParts {
    /// The step for one piece of work.
    pub(super) fn run(&self, guards: &Arc<Guards>, seat: &Arc<Seat>) -> StepRun {
        StepRun {
            plan: Arc::clone(&self.plan),
            cx: self.cx.clone(),
            state: None,
            logs: Vec::new(),
            at: self.at,
            guards: Arc::clone(guards),
            seat: Arc::clone(seat),
            origin: Arc::default(),
            waited: Duration::ZERO,
            renew: None,
            waits: Waits::None,
            again: Arc::clone(&self.again),
            waited_for: Arc::clone(&self.again),
        }
    }
}

/// Builds the lanes of all stages, with the state that the store holds for them.
pub(super) fn lanes(
    kit: &Kit<'_>,
    answers: &mpsc::UnboundedSender<Answer>,
    work: &Work,
) -> Result<Built, Fault> {
    let plan = kit.plan;
    let store_fault = |error| Fault::new("store", error);
    let rows = kit.store.parked(&plan.name).map_err(store_fault)?;
    let mut unparked = Unparked::new(plan, &kit.around.counters, rows, kit.around.now_ms());
    let parked = Parked::new(plan.conf.parked, Arc::clone(&kit.around.counters), unparked.next);
    let shared = (Cache::default(), Meta::default());
    let total = plan.stages.len() * plan.lanes + usize::from(plan.own_steps < plan.steps.len());
    let mut stages: Vec<Arc<[Arc<Lane>]>> = Vec::with_capacity(plan.stages.len());
    for (number, stage) in plan.stages.iter().enumerate() {
        let onward = plan
            .stages
            .get(number + 1)
            .and_then(|next| next.key.clone())
            .map(|key| Onward {
                route: Route::Key(key),
                lanes: plan.lanes,
                unique: false,
            });
        let mut lanes = Vec::with_capacity(plan.lanes);
        for lane in 0..plan.lanes {
            let context = lane_context(kit, number * plan.lanes + lane, total);
            let steps = (stage.first..stage.end, plan.own_steps);
            let mut chain = chain(kit, steps, waits(plan, number), &context, &shared);
            chain.onward = onward.clone();
            chain.shelf = Some(Shelf::new(Arc::clone(&parked)));
            unparked.give(number, lane, &mut chain);
            chain.follow = follow(kit, number, lane)?;
            load_state(kit, &mut chain, groups_of(lane, plan.lanes))?;
            let inputs = if number == 0 { 1 } else { plan.lanes };
            lanes.push(Lane::new(chain, inputs, answers.clone(), work.clone()));
        }
        stages.push(lanes.into());
    }
    for pair in stages.windows(2) {
        for (input, lane) in pair[0].iter().enumerate() {
            lane.connect(Exchange {
                lanes: Arc::clone(&pair[1]),
                input,
            });
        }
    }
    let last = (plan.own_steps < plan.steps.len()).then(|| {
        let context = lane_context(kit, total - 1, total);
        let steps = (plan.own_steps..plan.steps.len(), plan.steps.len());
        let chain = chain(kit, steps, Waits::Lane, &context, &shared);
        Lane::new(chain, 1, answers.clone(), work.clone())
    });
    let heads = (0..plan.head)
        .map(|at| StepParts {
            at,
            plan: Arc::clone(&plan.steps[at]),
            cx: context(kit, at, None, &shared),
            again: waits::tried_again(&plan.steps[at]),
        })
        .collect();
    Ok(Built {
        stages,
        parked,
        last,
        count: total,
        heads,
    })
}

fn lane_context(kit: &Kit<'_>, lane: usize, lanes: usize) -> LaneContext {
    LaneContext::new(&kit.plan.name, lane as u32, lanes as u32, kit.tables.lane())
}

/// The keys of a lane that have dead letters, where later rows follow them.
fn follow(kit: &Kit<'_>, stage: usize, lane: usize) -> Result<Option<Follow>, Fault> {
    let plan = kit.plan;
    if !plan.conf.dead_letter.keep_order {
        return Ok(None);
    }
    let mut follow = Follow::new(Arc::clone(&kit.around.letters));
    let letters = kit.store.each_letter(&plan.name, |letter| {
        let at = plan.own().iter().position(|step| *step.name == *letter.step);
        let of = at.and_then(|at| plan.stages.iter().rposition(|stage| stage.first <= at));
        if let (true, Some(key)) = (of == Some(stage), &letter.key) {
            let hash = KeyRef::from_canonical(key).hash();
            if lane_of(hash, plan.lanes) == lane {
                follow.add(hash, Some(letter.seq), letter.id);
            }
        }
    });
    letters.map_err(|error| Fault::new("store", error))?;
    Ok(Some(follow))
}

/// Which rows of a stage wait for one that is tried again.
fn waits(plan: &FlowPlan, stage: usize) -> Waits {
    // A jump goes back to what came to a step in the same run, so a run is not taken apart.
    if plan.steps.iter().any(|step| step.jump_target) {
        return Waits::Lane;
    }
    let order = |order: fn(&Order) -> bool| plan.sources.iter().map(move |source| order(&source.conf.order));
    if stage > 0 || order(|order| matches!(order, Order::By(_))).any(|by| by) {
        Waits::Key
    } else if order(|order| matches!(order, Order::None)).all(|none| none) {
        Waits::None
    } else {
        Waits::Lane
    }
}

/// The steps `steps.0` in one lane; `steps.1` is the number behind the last step of the sequence that they belong to.
pub(super) fn chain(
    kit: &Kit<'_>,
    steps: (Range<usize>, usize),
    waits: Waits,
    lane: &LaneContext,
    shared: &(Cache, Meta),
) -> Chain {
    let seat = kit.guards.seats.seat();
    let mut logs = Vec::new();
    let (steps, total) = steps;
    let first = steps.start;
    let mut steps: Vec<StepRun> = steps
        .map(|at| {
            let plan = Arc::clone(&kit.plan.steps[at]);
            let own = gives_up(&plan).then(|| lane.another(kit.tables.lane()));
            let cx = context(kit, at, Some(own.as_ref().unwrap_or(lane)), shared);
            let state = plan.state.map(|state| {
                let mut map = (state.info.new)();
                map.set_ttl(state.ttl_ms);
                map
            });
            let own_logs = own.as_ref().map(LaneContext::logs).unwrap_or_default();
            logs.extend(own_logs.iter().cloned());
            StepRun {
                renew: own.map(|own| renew(kit, &plan, own)),
                again: waits::tried_again(&plan),
                waited_for: waits::waited_for(&plan, kit.plan.conf.dead_letter.keep_order),
                plan,
                cx,
                state,
                logs: own_logs,
                at,
                guards: Arc::clone(kit.guards),
                seat: Arc::clone(&seat),
                origin: Arc::default(),
                waited: Duration::ZERO,
                waits,
            }
        })
        .collect();
    // Clients enlist their logs when they are made, so the list is whole only now.
    let shared_logs: Vec<Arc<dyn LaneLog>> = lane.logs();
    let uses_shared = |step: &&mut StepRun| !step.plan.conns.is_empty() && step.renew.is_none();
    for step in steps.iter_mut().filter(uses_shared) {
        step.logs = shared_logs.clone();
    }
    logs.extend(shared_logs);
    Chain {
        flow: Arc::clone(kit.plan),
        around: kit.around.clone(),
        first,
        steps,
        total,
        logs,
        letters: Vec::new(),
        guards: Arc::clone(kit.guards),
        withheld: Vec::new(),
        failed: 0,
        aside: 0,
        shelf: None,
        follow: None,
        waits,
        fallen: Fallen::default(),
        onward: None,
        collected: None,
    }
}

/// Whether a call of the step may be given up while it still runs, and still write. Such a step has logs of its own,
/// which then take nothing more from the clients that the call has.
fn gives_up(step: &StepPlan) -> bool {
    matches!(step.info.call, Call::Blocking(_)) && step.timeout.is_some() && !step.conns.is_empty()
}

fn renew(kit: &Kit<'_>, step: &StepPlan, lane: LaneContext) -> Renew {
    let conns: Vec<_> = step
        .conns
        .iter()
        .map(|(_, conn)| Arc::clone(&kit.conns[*conn].conn))
        .collect();
    Arc::new(move |cx| cx.with_clients(conns.iter().map(|conn| conn.client(&lane))))
}

fn context(kit: &Kit<'_>, at: usize, lane: Option<&LaneContext>, (cache, meta): &(Cache, Meta)) -> Ctx {
    let step = &kit.plan.steps[at];
    let mut cx = Ctx::builder()
        .flow(&*kit.plan.name)
        .step(&*step.name)
        .function(step.info.name)
        .exts(kit.exts.clone())
        .cache(cache.clone())
        .meta(meta.clone());
    if let Some(params) = &step.params {
        cx = cx.any_params(Arc::clone(params));
    }
    if let Some(lane) = lane {
        cx = cx.lane(lane.lane());
        for (arg, conn) in &step.conns {
            let open = &kit.conns[*conn];
            cx = cx.any_conn(arg, &open.name, open.conn.client(lane));
        }
    }
    cx.build()
}

/// Loads the state of the lane's key groups from the last cut.
pub(super) fn load_state(kit: &Kit<'_>, chain: &mut Chain, groups: Range<u8>) -> Result<(), Fault> {
    let now_ms = kit.around.now_ms();
    let store_fault = |error| Fault::new("store", error);
    for step in &mut chain.steps {
        let (Some(map), Some(state)) = (&mut step.state, &step.plan.state) else {
            continue;
        };
        map.set_now(now_ms);
        let (flow, name) = (&kit.plan.name, &step.plan.name);
        let record = kit.store.state_record(flow, name).map_err(store_fault)?;
        if let Some(problem) = record.and_then(|record| stored::changed(kit.plan, &step.plan, state, &record))
        {
            return Err(Fault::at(name, problem.code.as_str(), problem));
        }
        let mut wrong = None;
        kit.store
            .state(flow, name, groups.clone(), |_, key, value| {
                if wrong.is_none() {
                    let key = KeyRef::from_canonical(key);
                    wrong = map
                        .load(key, value.version, &value.bytes, value.expires_ms)
                        .err()
                        .map(|text| {
                            format!(
                                "the stored state of key {key} cannot be read as {}: {text}",
                                state.info.short_name()
                            )
                        });
                }
            })
            .map_err(store_fault)?;
        if let Some(text) = wrong {
            let help = format_args!(
                "{text}; forget the state with `state drop {flow} {name}`, or mend what reads it"
            );
            return Err(Fault::at(name, Code::StateChanged.as_str(), help));
        }
    }
    Ok(())
}
