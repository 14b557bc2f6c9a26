//! Runs the flows of a plan in one process: opens what they share, starts each when the flows before it have ended,
//! and ends when all have.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use kis_conn::store::Store;
use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
};

use super::{
    around::{Stop, Surroundings},
    conns::{OpenConn, OpenConns, open_conns},
    desk::Desk,
    fault::Fault,
    flow::{self, Environment, FlowEnd},
    guards::Guards,
    intake::Budget,
    letters::LetterBook,
    options::RunOptions,
    summary::{FlowSummary, Summary},
    watchdog::{Watchdog, Watched},
    work::Work,
    writer::Writer,
};
use crate::{
    flow::{FlowPlan, Plan, stored},
    observe::{FlowCounters, Phase},
};

/// How long the end of a run waits for the store's writer, which has nothing left to write then.
const WRITER_END: Duration = Duration::from_secs(1);

/// How long the end of a run waits for lanes that are at work, before what they write with is closed.
const LANES_END: Duration = Duration::from_secs(1);

/// The flows of a process while they run.
pub struct Engine {
    /// Ends with the engine.
    _watchdog: Watchdog,
    counters: Vec<Arc<FlowCounters>>,
    stop: watch::Sender<Stop>,
    desk: Desk,
    started: Instant,
    flows: JoinSet<(usize, FlowEnd, Duration)>,
    /// The task of each flow, in the plan's order.
    tasks: Vec<tokio::task::Id>,
    conns: OpenConns,
    works: Vec<Work>,
    writer_ended: Option<oneshot::Receiver<()>>,
    drain_timeout: Duration,
}

/// Stops the flows of an engine. Clones stop the same ones.
#[derive(Clone, Debug)]
pub struct Stopper(watch::Sender<Stop>);

/// The flows can take all the state that the store holds of them.
fn fitting_state(plan: &Plan, store: &Store) -> Result<(), Fault> {
    let problems = stored::check(plan, store).map_err(|error| Fault::new("store", error))?;
    match problems.iter().next() {
        Some(first) => Err(Fault::new(first.code.as_str(), &problems)),
        None => Ok(()),
    }
}

impl Engine {
    /// Opens the connectors and starts the flows of `plan`. Needs a tokio runtime.
    ///
    /// # Errors
    /// If the store holds state that the flows cannot take, a connector cannot be opened, or the system gives no thread for the store.
    pub async fn start(plan: &Plan, options: RunOptions) -> Result<Engine, Fault> {
        if !options.fresh {
            fitting_state(plan, &options.store)?;
        }
        let all: Vec<Arc<FlowCounters>> = match options.counters {
            counters if counters.len() == plan.flows.len() => counters,
            _ => RunOptions::count(plan),
        };
        let conns = open_conns(plan, &options.store, &options.base, &options.clock, &all).await?;
        let (writer, writer_ended) =
            Writer::start(options.store.clone()).map_err(|error| Fault::new("thread", error))?;
        let desk = Desk::new(options.store.clone());
        let bytes = Budget::new(plan.global.limit_bytes);
        let (stop, stopped) = watch::channel(Stop::No);
        let mut ends: HashMap<Arc<str>, watch::Receiver<Option<bool>>> = HashMap::new();
        let mut senders = Vec::with_capacity(plan.flows.len());
        for flow in &plan.flows {
            let (sender, receiver) = watch::channel(None);
            senders.push(sender);
            ends.insert(Arc::clone(&flow.name), receiver);
        }
        let mut flows = JoinSet::new();
        let mut tasks = Vec::with_capacity(plan.flows.len());
        let mut works = Vec::with_capacity(plan.flows.len());
        let mut watched = Vec::with_capacity(plan.flows.len());
        for (number, (flow, ended)) in plan.flows.iter().zip(senders).enumerate() {
            let work = Work::default();
            works.push(work.clone());
            let around = Surroundings {
                counters: Arc::clone(&all[number]),
                clock: Arc::clone(&options.clock),
                stop: stopped.clone(),
                letters: Arc::new(LetterBook::new(
                    &flow.name,
                    &flow.conf.dead_letter,
                    Arc::clone(&options.clock),
                )),
            };
            let guards = Guards::new(flow, &conns, &around, true);
            let every = plan.global.checkpoint_every;
            watched.push(Watched::new(Arc::clone(flow), Arc::clone(&guards), every));
            let env = Environment {
                store: options.store.clone(),
                writer: writer.clone(),
                conns: Arc::clone(&conns),
                exts: options.exts.clone(),
                guards,
                bytes: bytes.clone(),
                work,
                checkpoint: plan.global.checkpoint_every,
                base: options.base.clone(),
                fresh: options.fresh,
                closed: options.closed,
                desk: desk.clone(),
            };
            let before = flow
                .conf
                .after
                .iter()
                .filter(|_| !options.closed)
                .filter_map(|name| Some((name.value.clone(), ends.get(&*name.value)?.clone())))
                .collect();
            let flow = Arc::clone(flow);
            let task = flows.spawn(async move {
                let waited = wait_for(before, around.stop.clone()).await;
                let started = Instant::now();
                let end = match waited {
                    Ok(true) => flow::run(flow, env, around).await,
                    Ok(false) => FlowEnd::Drained,
                    Err(fault) => {
                        around.counters.set_phase(Phase::Failed);
                        FlowEnd::Failed(fault)
                    }
                };
                // Nobody may be waiting for this flow.
                let _ = ended.send(Some(matches!(end, FlowEnd::Ended | FlowEnd::NothingNew { .. })));
                (number, end, started.elapsed())
            });
            tasks.push(task.id());
        }
        let watchdog = Watchdog::start(watched).map_err(|error| Fault::new("thread", error))?;
        Ok(Engine {
            _watchdog: watchdog,
            counters: all,
            stop,
            desk,
            started: Instant::now(),
            flows,
            tasks,
            conns,
            works,
            writer_ended: Some(writer_ended),
            drain_timeout: plan.global.drain_timeout,
        })
    }

    /// The counters of the flows, in the plan's order.
    pub fn counters(&self) -> &[Arc<FlowCounters>] {
        &self.counters
    }

    /// What stops the flows while somebody waits for their end.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// What can be done to the flows from outside.
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// As [`Stopper::drain`].
    pub fn drain(&self) {
        self.stopper().drain();
    }

    /// As [`Stopper::stop_now`].
    pub fn stop_now(&self) {
        self.stopper().stop_now();
    }

    /// Waits until every flow has ended. A drain that takes longer than `drain.timeout` ends there.
    pub async fn wait(&mut self) -> Summary {
        let mut ends: Vec<Option<(FlowEnd, Duration)>> = self.counters.iter().map(|_| None).collect();
        let mut stopping = self.stop.subscribe();
        let mut deadline = None;
        let mut deadline_passed = false;
        loop {
            tokio::select! {
                flow = self.flows.join_next() => match flow {
                    Some(Ok((number, end, took))) => ends[number] = Some((end, took)),
                    Some(Err(error)) if error.is_panic() => {
                        if let Some(number) = self.tasks.iter().position(|task| *task == error.id()) {
                            self.counters[number].set_phase(Phase::Failed);
                            let fault = Fault::bug("the task of a flow panicked");
                            ends[number] = Some((FlowEnd::Failed(fault), self.started.elapsed()));
                        }
                    }
                    // The time to drain was over.
                    Some(Err(_)) => {}
                    None => break,
                },
                _ = stopping.wait_for(|stop| *stop >= Stop::Drain), if deadline.is_none() => {
                    deadline = Some(tokio::time::Instant::now() + self.drain_timeout);
                }
                () = until(deadline), if deadline.is_some() && !deadline_passed => {
                    deadline_passed = true;
                    self.stop_now();
                    self.flows.abort_all();
                }
            }
        }
        self.stop_lanes().await;
        for OpenConn { name, conn, .. } in self.conns.iter() {
            if let Err(error) = conn.close().await {
                tracing::warn!(conn = %name, code = %error.code, "closing: {}", error.message);
            }
        }
        if let Some(ended) = self.writer_ended.take() {
            // A task that hangs after the deadline may hold the writer for ever.
            let _ = tokio::time::timeout(WRITER_END, ended).await;
        }
        let took = self.started.elapsed();
        let lost = || {
            (
                FlowEnd::Failed(Fault::new(
                    super::around::STOPPED,
                    "stopped before it was drained",
                )),
                took,
            )
        };
        let flows = ends
            .into_iter()
            .zip(&self.counters)
            .map(|(end, counters)| {
                let (end, took) = end.unwrap_or_else(lost);
                FlowSummary {
                    name: counters.flow.as_str().into(),
                    end,
                    counters: Arc::clone(counters),
                    took,
                }
            })
            .collect();
        Summary {
            flows,
            took,
            deadline_passed,
        }
    }

    /// Lets the lanes finish the batches they have in hand; those of a flow that failed may still be at work.
    async fn stop_lanes(&self) {
        self.works.iter().for_each(Work::stop);
        let idle = async {
            for work in &self.works {
                work.idle().await;
            }
        };
        if tokio::time::timeout(LANES_END, idle).await.is_err() {
            tracing::warn!("closing, though a step has not returned within {LANES_END:?}");
        }
    }
}

impl Stopper {
    /// Takes no more rows; what was taken is finished, cut and committed.
    pub fn drain(&self) {
        self.0
            .send_if_modified(|stop| std::mem::replace(stop, (*stop).max(Stop::Drain)) < Stop::Drain);
    }

    /// Stops where everything stands; what no cut covers is read again at the next start.
    pub fn stop_now(&self) {
        self.0.send_replace(Stop::Now);
    }
}

/// Counters with the names of the flow's steps.
pub(crate) fn new_counters(flow: &FlowPlan) -> Arc<FlowCounters> {
    FlowCounters::with_sources(
        &flow.name,
        flow.sources.len(),
        flow.steps
            .iter()
            .map(|step| (step.name.to_string(), step.info.mode.as_str())),
    )
}

async fn until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Waits for the flows named by `after`. Says no when it is told to stop first.
async fn wait_for(
    before: Vec<(String, watch::Receiver<Option<bool>>)>,
    mut stop: watch::Receiver<Stop>,
) -> Result<bool, Fault> {
    for (name, mut ended) in before {
        let well = tokio::select! {
            _ = stop.wait_for(|stop| *stop >= Stop::Drain) => return Ok(false),
            well = ended.wait_for(Option::is_some) => well.is_ok_and(|well| *well == Some(true)),
        };
        // A flow that was drained did not end, but it did not fail either.
        if *stop.borrow() >= Stop::Drain {
            return Ok(false);
        }
        if !well {
            return Err(Fault::new(
                "after",
                format_args!("not started, since flow {name} did not end well"),
            ));
        }
    }
    Ok(true)
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("flows", &self.counters.len())
            .finish_non_exhaustive()
    }
}
