//! A running flow: opens its sources, reads until they end or it is told to stop, takes its cuts, and ends.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use kis_conn::{
    Nature, Partition, Position, Source, SourceFacts,
    store::{FlowRecord, FlowTables, RunState, Store},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    around::{Stop, Surroundings},
    build,
    call::StepRun,
    conns::{self, OpenConn, OpenConns},
    cut::Cutter,
    desk::{Desk, Guests},
    fault::Fault,
    guards::Guards,
    heads::Heads,
    intake::{Budget, Intake},
    lane::{Answer, Lane},
    parked::Parked,
    reader::{self, Reading},
    router::Router,
    running::Running,
    seat::Seat,
    sources,
    starts::Starts,
    suspect::Suspects,
    uncut::Uncut,
    work::Work,
    writer::Writer,
};
use crate::{
    flow::FlowPlan,
    function::Exts,
    observe::Phase,
    row::key::{KeyRef, lane_of},
};

/// What a flow needs from the process it runs in.
pub(super) struct Environment {
    pub(super) store: Store,
    pub(super) writer: Writer,
    /// The plan's connectors, opened, by their number.
    pub(super) conns: OpenConns,
    pub(super) exts: Exts,
    pub(super) guards: Arc<Guards>,
    /// What all flows may have read and not settled.
    pub(super) bytes: Budget,
    /// The leave of the flow's lanes to work.
    pub(super) work: Work,
    pub(super) checkpoint: Duration,
    /// Where relative paths of sources begin.
    pub(super) base: std::path::PathBuf,
    /// Forget what was stored and read from the start.
    pub(super) fresh: bool,
    /// Take nothing from the sources.
    pub(super) closed: bool,
    pub(super) desk: Desk,
}

/// What the tasks of a running flow share.
pub(super) struct FlowRun {
    pub(super) plan: Arc<FlowPlan>,
    pub(super) around: Surroundings,
    pub(super) router: Router,
    /// The rows that wait for a retry, and behind those.
    pub(super) parked: Arc<Parked>,
    pub(super) intake: Intake,
    /// A cut cannot be made: the readers wait, since what they read could only pile up.
    pub(super) paused: watch::Sender<bool>,
    pub(super) sources: Vec<Arc<dyn Source>>,
    /// The connectors that its steps use.
    pub(super) conns: Vec<OpenConn>,
    pub(super) guards: Arc<Guards>,
    pub(super) starts: Starts,
    pub(super) tables: FlowTables,
    pub(super) uncut: Uncut,
    pub(super) writer: Writer,
    /// Lanes of all stages, and the one of `at_end`.
    pub(super) lane_count: usize,
    pub(super) heads: Vec<build::StepParts>,
    /// Blocks that wait for the head.
    pub(super) blocks: Heads,
    pub(super) answers: mpsc::UnboundedSender<Answer>,
    /// Who sends rows in from outside.
    pub(super) guests: Guests,
    /// Nothing is taken from the sources.
    pub(super) closed: bool,
    pub(super) store: Store,
}

/// How a flow came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowEnd {
    /// All its sources ended and everything is settled.
    Ended,
    /// Its sources held nothing new since this run, which had ended.
    NothingNew {
        /// How far the sources were read: partition and position.
        after: Vec<(String, String)>,
    },
    /// It was told to stop, and everything it had taken is settled.
    Drained,
    /// It stopped before it had settled everything; the rest is read again at the next start.
    Failed(Fault),
}

/// Runs a flow to its end.
pub(super) async fn run(plan: Arc<FlowPlan>, env: Environment, around: Surroundings) -> FlowEnd {
    let counters = Arc::clone(&around.counters);
    counters.set_phase(Phase::Starting);
    let work = env.work.clone();
    let mut stop = around.stop.clone();
    let started = tokio::select! {
        biased;
        // Nothing was taken yet, so there is nothing to finish.
        Ok(_) = stop.wait_for(|stop| *stop >= Stop::Drain) => None,
        // Not within the task, which takes its memory for as long as the flow runs.
        started = Box::pin(start(plan, env, around)) => Some(started),
    };
    let end = match started {
        None => FlowEnd::Drained,
        Some(Ok(running)) => running.finish().await,
        Some(Err(fault)) if fault.is_stop() => FlowEnd::Drained,
        Some(Err(fault)) => FlowEnd::Failed(fault),
    };
    // One lane's fault is the end of the whole flow.
    work.stop();
    counters.set_phase(match &end {
        FlowEnd::Ended | FlowEnd::NothingNew { .. } => Phase::Ended,
        FlowEnd::Drained => Phase::Draining,
        FlowEnd::Failed(_) => Phase::Failed,
    });
    end
}

async fn start(plan: Arc<FlowPlan>, env: Environment, around: Surroundings) -> Result<Running, Fault> {
    let store_fault = |error: kis_conn::store::StoreError| Fault::new("store", error);
    if env.fresh {
        conns::begin_anew(&plan, &env, &around.stop).await?;
        env.store.forget(&plan.name).map_err(store_fault)?;
    }
    let record = env
        .store
        .record(&plan.name)
        .map_err(store_fault)?
        .unwrap_or_default();
    let positions = env.store.positions(&plan.name).map_err(store_fault)?;
    let starts = Starts::new(&plan.name, record.clone(), &env.store, env.writer.clone());
    if let Some(dir) = env.store.dir().filter(|_| !env.closed) {
        let (starts, now_ms) = (record.starts_without_progress, around.now_ms());
        let found = Suspects::find(dir, &plan.name, starts, now_ms)
            .map_err(|error| Fault::new("suspects", format_args!("{}: {error}", dir.display())))?;
        found.map(|found| env.guards.suspects.set(found));
    }
    around.letters.load(&env.store, &record).map_err(store_fault)?;
    around.letters.purged(&[], &env.store, &around.counters);
    let restored = conns::restore_conns(&plan, &env.store, &env.conns, &around.stop).await?;
    let sources = match env.closed {
        true => Vec::new(),
        false => sources::open_all(&plan, &env).await?,
    };

    let tables = FlowTables::new(env.store.clone());
    let (answers, inbox) = mpsc::unbounded_channel();
    let kit = build::Kit {
        plan: &plan,
        conns: &env.conns,
        exts: &env.exts,
        store: &env.store,
        around: &around,
        tables: &tables,
        guards: &env.guards,
    };
    let built = build::lanes(&kit, &answers, &env.work)?;
    let lanes: Vec<Arc<Lane>> = built
        .stages
        .iter()
        .flat_map(|lanes| lanes.iter().cloned())
        .collect();
    let router = Router::new(built.stages, built.last.clone(), record.cut);
    let ahead = plan.lanes * 2 + workers();
    let flow = Arc::new(FlowRun {
        parked: built.parked,
        router,
        intake: Intake {
            ahead,
            bytes: [Budget::new(plan.conf.limits.bytes), env.bytes.clone()],
        },
        paused: watch::Sender::new(false),
        sources,
        conns: restored,
        guards: Arc::clone(&env.guards),
        starts,
        // The rows on their way have as much besides.
        uncut: Uncut::new(tables.clone(), plan.conf.limits.bytes / 2),
        tables,
        writer: env.writer.clone(),
        lane_count: built.count,
        heads: built.heads,
        blocks: Heads::default(),
        answers,
        guests: Guests::default(),
        closed: env.closed,
        store: env.store.clone(),
        around,
        plan,
    });
    let before = (record.state == RunState::Ended).then(|| {
        positions
            .iter()
            .map(|(_, partition, position)| (partition.to_string(), position.show()))
            .collect()
    });
    if flow.around.counters.parked.load(Relaxed) > 0 {
        // Rows that were parked may be worked on at once.
        flow.starts.begin().await?;
    }
    let readers = read_all(&flow, &positions).await?;
    lanes.iter().for_each(Lane::look);
    let cutter = Cutter::new(Arc::clone(&flow), inbox, next_run(record, &flow), env.checkpoint);
    flow.around.counters.set_phase(Phase::Running);
    env.desk.open(&flow);
    Ok(Running {
        flow,
        cutter,
        readers,
        last: built.last,
        checkpoint: env.checkpoint,
        before,
    })
}

/// The record of this start: a run that had ended is followed by a new one, a killed one goes on under its id.
fn next_run(mut record: FlowRecord, flow: &FlowRun) -> FlowRecord {
    if record.run_id.is_empty() || record.state == RunState::Ended && !flow.closed {
        record.run_id = format!("{}-{}", flow.around.now_ms(), std::process::id());
    }
    record.epoch += 1;
    record
}

/// Starts to read every partition, each from its position in the last cut.
async fn read_all(
    flow: &Arc<FlowRun>,
    positions: &[(String, Partition, Position)],
) -> Result<JoinSet<Result<bool, Fault>>, Fault> {
    // Nothing is read before all is known, since no cut is made until then.
    let partitions = sources::all_partitions(&flow.plan, &flow.sources).await?;
    let mut readers = JoinSet::new();
    if flow.closed {
        let mut stop = flow.around.stop.clone();
        readers.spawn(async move {
            // The one that stops the flow is there as long as the flow is.
            let _ = stop.wait_for(|stop| *stop >= Stop::Drain).await;
            Ok(false)
        });
    }
    for (number, (source, partitions)) in flow.sources.iter().zip(partitions).enumerate() {
        let name = &flow.plan.sources[number].name;
        let readings: Vec<Reading> = partitions
            .into_iter()
            .map(|partition| {
                let from = positions
                    .iter()
                    .find(|(of, known, _)| **of == **name && *known == partition)
                    .map(|(_, _, position)| position.clone());
                Reading {
                    source: number,
                    opened: Arc::clone(source),
                    number: flow.router.add(number, partition.clone(), from.clone()),
                    lane: lane_of(partition_hash(name, &partition), flow.plan.lanes),
                    partition,
                    from,
                }
            })
            .collect();
        let at_once = open_at_once(source.facts(), flow.plan.lanes);
        readers.spawn(reader::read_in_turn(Arc::clone(flow), readings, at_once));
    }
    Ok(readers)
}

/// How many partitions of a source are open at a time: all, or where each comes to an end, as many as keep the workers
/// and the lanes busy.
fn open_at_once(facts: SourceFacts, lanes: usize) -> usize {
    match facts {
        SourceFacts {
            nature: Nature::Log,
            bounded: true,
            ..
        } => workers().max(lanes) + 1,
        _ => usize::MAX,
    }
}

pub(super) fn workers() -> usize {
    tokio::runtime::Handle::current().metrics().num_workers()
}

fn partition_hash(source: &str, partition: &Partition) -> u64 {
    KeyRef::from_canonical(format!("{source}/{partition}").as_bytes()).hash()
}

impl FlowRun {
    /// Stops the flow for this reason.
    pub(super) fn fail(&self, fault: Fault) {
        // The flow may be gone already for another reason.
        let _ = self.answers.send(Answer::Fault(Box::new(fault)));
    }

    /// Whether the flow must not wait for anything any more.
    pub(super) fn stopping_now(&self) -> bool {
        *self.around.stop.borrow() == Stop::Now
    }

    /// The steps of the head, for one block.
    pub(super) fn head_steps(&self, seat: &Arc<Seat>) -> Vec<StepRun> {
        let step = |parts: &build::StepParts| parts.run(&self.guards, seat);
        self.heads.iter().map(step).collect()
    }
}

/// A signal that never stops anything, for flows that a program runs step by step.
pub(crate) fn never_stop() -> watch::Receiver<Stop> {
    watch::channel(Stop::No).1
}
