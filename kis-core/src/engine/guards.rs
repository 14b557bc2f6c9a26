//! What stands around every call of a flow's steps: the breakers of its connectors, the seats of its lanes, its budget
//! of failed rows.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use kis_conf::Unavailable;
use kis_conn::ErrorClass;
use smallvec::SmallVec;

use super::{
    around::{Stop, Surroundings},
    breaker::{Breaker, Stopped, Trial},
    budget::Budgets,
    conns::OpenConn,
    seat::Seats,
    suspect::{Noted, Suspects},
    threads,
};
use crate::{
    error::Error,
    flow::FlowPlan,
    function::{Call, Verdict},
    observe::HeldBy,
    row::Fails,
};

/// The guards of one flow, shared by all its lanes.
pub(super) struct Guards {
    pub(super) around: Surroundings,
    pub(super) seats: Arc<Seats>,
    pub(super) budgets: Budgets,
    /// While the flow works row by row, since a row may kill the process.
    pub(super) suspects: OnceLock<Suspects>,
    /// Whether calls wait for a thread while others hold too many; else they fail.
    waits: bool,
    /// How long they may wait until the process ends.
    hang_exit: Option<Duration>,
    steps: Vec<StepGuard>,
}

struct StepGuard {
    name: Arc<str>,
    /// The breakers of the step's connectors.
    breakers: Vec<Arc<Breaker>>,
    /// The breaker of a step without connectors, once it is needed.
    own: OnceLock<Arc<Breaker>>,
    /// Whether its rows wait for what is not available.
    waits: bool,
    /// Whether a call that takes too long keeps a thread.
    keeps_threads: bool,
}

/// The leave to make one call.
#[derive(Debug, Default)]
pub(super) struct Leave {
    trials: SmallVec<[Trial; 1]>,
    /// The call is noted as the one that is at work.
    noted: Option<Noted>,
    /// How long the call had to wait for it.
    pub(super) waited: Duration,
}

impl Guards {
    /// The guards of `plan`, whose connectors are among `conns`. A flow that `waits` pauses when its budget of failed
    /// rows or the threads of blocking calls are used up; for one that a program runs, who reads what came of each run,
    /// that would be a hang.
    pub(super) fn new(
        plan: &FlowPlan,
        conns: &[OpenConn],
        around: &Surroundings,
        waits: bool,
    ) -> Arc<Guards> {
        let mut known: Vec<usize> = Vec::new();
        let steps = plan.steps.iter().map(|step| {
            for (_, conn) in &step.conns {
                if !known.contains(conn) {
                    known.push(*conn);
                    around.counters.holds.add(conns[*conn].breaker.hold());
                }
            }
            StepGuard {
                name: Arc::clone(&step.name),
                breakers: step
                    .conns
                    .iter()
                    .map(|(_, conn)| Arc::clone(&conns[*conn].breaker))
                    .collect(),
                own: OnceLock::new(),
                waits: step.on_error.unavailable == Unavailable::Wait,
                keeps_threads: matches!(step.info.call, Call::Blocking(_)) && step.timeout.is_some(),
            }
        });
        Arc::new(Guards {
            steps: steps.collect(),
            seats: Arc::default(),
            suspects: OnceLock::new(),
            budgets: Budgets::new(plan, around, waits),
            waits,
            hang_exit: plan.conf.limits.hang_exit,
            around: around.clone(),
        })
    }

    /// Whether step `at` may be called at once.
    #[inline]
    pub(super) fn are_open(&self, at: usize) -> bool {
        let guard = &self.steps[at];
        let shut = guard.waits && guard.all().any(|breaker| breaker.is_open());
        let crowded = guard.keeps_threads && threads::are_many();
        !(shut || crowded || self.is_slow())
    }

    /// Whether the flow works row by row.
    pub(super) fn is_slow(&self) -> bool {
        self.suspects.get().is_some_and(Suspects::is_slow)
    }

    /// Waits until step `at` may be called with rows from `origin`.
    ///
    /// # Errors
    /// If the flow is asked to stop first, or the call has killed the process before; it is not made then.
    pub(super) async fn enter(&self, at: usize, origin: &str) -> Result<Leave, Error> {
        let mut leave = self.wait(at).await?;
        if let Some(suspects) = self.suspects.get().filter(|suspects| suspects.is_slow()) {
            leave.noted = Some(suspects.note(&self.steps[at].name, origin).await?);
        }
        Ok(leave)
    }

    async fn wait(&self, at: usize) -> Result<Leave, Error> {
        let guard = &self.steps[at];
        let shut = guard.waits && guard.all().any(|breaker| breaker.is_open());
        let crowded = guard.keeps_threads && threads::are_many();
        if !shut && !crowded {
            return Ok(Leave::default());
        }
        let began = Instant::now();
        let stop = &self.around.stop;
        if crowded {
            let hold = self.around.counters.holds.of(HeldBy::Threads, &guard.name);
            let why = threads::why(self.hang_exit);
            if !self.waits {
                return Err(Error::timeout(threads::why(None)).with_code(threads::CODE));
            }
            if hold.begin(&*why, self.around.now_ms()) {
                tracing::error!(flow = %self.around.counters.flow, step = %guard.name, "{why}");
            }
            let waited = threads::room(stop).await;
            hold.end();
            waited.map_err(|Stopped| stopped("threads of calls that were given up"))?;
        }
        let mut leave = Leave::default();
        for breaker in guard.all().filter(|_| guard.waits) {
            // A drain does not wait for a system that is down: what waits for it is read again at the next start.
            let trial = breaker.pass(stop, Stop::Drain).await;
            let trial = trial.map_err(|Stopped| stopped("its connector"))?;
            match trial {
                // Who waits for a second one must not keep others from the first, which has said that it is there.
                Some(trial) if guard.breakers.len() > 1 => trial.answered(),
                trial => leave.trials.extend(trial),
            }
        }
        leave.waited = began.elapsed();
        Ok(leave)
    }

    /// A call of step `at` that had `leave` was answered like this.
    pub(super) async fn left(&self, at: usize, mut leave: Leave, verdict: &Verdict, fails: &Fails) {
        drop(leave.noted.take());
        if leave.trials.is_empty() && matches!(verdict, Verdict::Go(_)) && fails.is_empty() {
            return;
        }
        let Some(error) = unavailable(verdict, fails) else {
            leave.trials.into_iter().for_each(Trial::answered);
            return;
        };
        let guard = &self.steps[at];
        if !guard.waits {
            // The step stops its flow; that says nothing to the others.
            return;
        }
        let mut blamed: SmallVec<[&Arc<Breaker>; 2]> = SmallVec::new();
        if let [_, _, ..] = &guard.breakers[..] {
            // An error does not say whose it is, but who is away does.
            for breaker in &guard.breakers {
                if breaker.is_away().await {
                    blamed.push(breaker);
                }
            }
        }
        if blamed.is_empty() {
            let own = || {
                let breaker = Breaker::of_step(&guard.name, Arc::clone(&self.around.clock));
                self.around.counters.holds.add(breaker.hold());
                breaker
            };
            match &guard.breakers[..] {
                [] => blamed.push(guard.own.get_or_init(own)),
                all => blamed.extend(all),
            }
        }
        for breaker in blamed {
            breaker.open(error.code(), error.message());
        }
    }
}

impl StepGuard {
    fn all(&self) -> impl Iterator<Item = &Arc<Breaker>> {
        self.breakers.iter().chain(self.own.get())
    }
}

/// The error that says that something is not available, wherever in an answer it stands.
fn unavailable<'a>(verdict: &'a Verdict, fails: &'a Fails) -> Option<&'a Error> {
    let is = |error: &&Error| error.class() == ErrorClass::Unavailable;
    let whole = match verdict {
        Verdict::Failed(error) => Some(error),
        Verdict::Go(_) => None,
    };
    let rows = whole
        .into_iter()
        .flat_map(Error::failed_rows)
        .map(|(_, error)| error);
    let alone = fails.iter().map(|fail| &fail.error);
    whole.into_iter().chain(rows).chain(alone).find(is)
}

/// What a call that is not made answers; whoever asks why waits no longer, since the flow stops.
fn stopped(whom: &str) -> Error {
    Error::unavailable(format!("stopped while it waited for {whom}"))
}
