//! One call of one step on one batch: sync, async with its time limit, or on a thread of its own.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use kis_conf::Mode;
use kis_conn::{ErrorClass, LaneLog};
use smallvec::SmallVec;

use super::{
    guards::{Guards, Leave},
    seat::Seat,
    threads::Blocking,
};
use crate::{
    error::Error,
    flow::StepPlan,
    function::{Call, Ctx, Hold, Job, StateJob, Verdict},
    row::{Batch, Fails, key::Keys},
    state::AnyState,
};

/// Makes a context anew, with clients that no call has had.
pub(super) type Renew = Arc<dyn Fn(&Ctx) -> Ctx + Send + Sync>;

/// One step in one lane.
pub(super) struct StepRun {
    pub(super) plan: Arc<StepPlan>,
    pub(super) cx: Ctx,
    pub(super) state: Option<Box<dyn AnyState>>,
    /// What the step's connectors keep for the lane; empty for a step without connectors.
    pub(super) logs: Vec<Arc<dyn LaneLog>>,
    /// Its number in the flow.
    pub(super) at: usize,
    pub(super) guards: Arc<Guards>,
    /// Where the lane notes what it is at.
    pub(super) seat: Arc<Seat>,
    /// Where the rows at work come from, while the flow works row by row.
    pub(super) origin: Arc<str>,
    /// How long calls have waited for what they need since the last [`StepRun::take_waited`].
    pub(super) waited: Duration,
    /// Makes the context anew, with clients that no call has had; for a step whose calls may be given up.
    pub(super) renew: Option<Renew>,
    /// Which rows wait for one that is tried again.
    pub(super) waits: Waits,
    /// Whether a row that failed with an error is tried again.
    pub(super) again: Arc<dyn Fn(&Error) -> bool + Send + Sync>,
}

/// Which rows wait for a row that is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    /// Later rows of its key.
    Key,
    /// All later rows of the lane.
    Lane,
    /// None.
    None,
}

/// Whether a row that failed at this step alone may work later.
pub(super) fn tried_again(plan: &Arc<StepPlan>) -> Arc<dyn Fn(&Error) -> bool + Send + Sync> {
    let plan = Arc::clone(plan);
    Arc::new(move |error| error.class() == ErrorClass::Unavailable || plan.retries(error))
}

/// How the rows of a call keep their order.
fn hold<'a>(
    waits: Waits,
    keys: Option<&'a Arc<Keys>>,
    again: &'a (dyn Fn(&Error) -> bool + Send + Sync),
) -> Option<Hold<'a>> {
    let keys = match waits {
        Waits::None => return None,
        Waits::Key => keys,
        Waits::Lane => None,
    };
    Some(Hold { keys, waits: again })
}

impl StepRun {
    /// Calls a function that is not awaited and touches neither connectors nor state, if it may be called at once: no
    /// future is made for such a call. What comes of it other than rows is to be told by [`StepRun::tell`].
    #[inline]
    pub(super) fn call_now(
        &mut self,
        batch: &mut Batch,
        keys: Option<&Arc<Keys>>,
        fails: &mut Fails,
    ) -> Option<Verdict> {
        let Call::Now(call) = self.plan.info.call else {
            return None;
        };
        if !self.logs.is_empty() || self.state.is_some() || !self.guards.are_open(self.at) {
            return None;
        }
        self.seat.begin(self.at);
        let verdict = call(&mut self.job(batch, keys, fails));
        self.seat.end();
        Some(verdict)
    }

    /// Tells what came of a call that [`StepRun::call_now`] made.
    pub(super) async fn tell(&mut self, verdict: &Verdict, fails: &Fails) {
        self.guards.left(self.at, Leave::default(), verdict, fails).await;
    }

    /// Calls the function once. A failed call leaves no trace in the step's state and in its connectors' logs.
    ///
    /// Waits first while a connector of the step is known not to be available.
    pub(super) async fn call(
        &mut self,
        batch: &mut Batch,
        keys: Option<&Arc<Keys>>,
        fails: &mut Fails,
    ) -> Verdict {
        let leave = match self.enter().await {
            Ok(leave) => leave,
            Err(stopped) => return Verdict::Failed(stopped),
        };
        let marks = self.mark();
        let verdict = self.call_marked(batch, keys, fails).await;
        self.seat.end();
        self.guards.left(self.at, leave, &verdict, fails).await;
        match &verdict {
            Verdict::Failed(error) if error.failed_rows().is_empty() || !self.others_stand() => {
                self.undo(&marks);
            }
            // What a call did stands also when it names the rows that it could not handle, and is not undone as a whole.
            Verdict::Go(_) | Verdict::Failed(_) => {
                if let Some(state) = &mut self.state {
                    state.keep();
                }
                self.logs
                    .iter()
                    .zip(&marks)
                    .for_each(|(log, mark)| log.release(*mark));
            }
        }
        verdict
    }

    /// Whether the rows that a failed call does not name have had their effect: a step with effects outside whose
    /// connectors do not undo a failed call.
    pub(super) fn others_stand(&self) -> bool {
        let effects = matches!(self.plan.info.mode, Mode::Save | Mode::Expand);
        effects && (!self.plan.atomic || self.plan.conns.is_empty())
    }

    /// Calls the function once and takes back whatever it wrote.
    pub(super) async fn probe(&mut self, batch: &mut Batch, keys: Option<&Arc<Keys>>) -> Verdict {
        let leave = match self.enter().await {
            Ok(leave) => leave,
            Err(stopped) => return Verdict::Failed(stopped),
        };
        let marks = self.mark();
        if let Some(state) = &mut self.state {
            state.hold();
        }
        let mut fails = Fails::default();
        let verdict = self.call_marked(batch, keys, &mut fails).await;
        self.seat.end();
        self.guards.left(self.at, leave, &verdict, &fails).await;
        if let Some(state) = &mut self.state {
            state.let_go();
        }
        self.undo(&marks);
        verdict
    }

    /// The time that calls have waited since it was asked last.
    pub(super) fn take_waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }

    /// Waits until the call may be made, and notes that it begins.
    async fn enter(&mut self) -> Result<Leave, Error> {
        // Whoever waits is at this step too.
        self.seat.begin(self.at);
        if self.guards.are_open(self.at) {
            return Ok(Leave::default());
        }
        let leave = self.guards.enter(self.at, &self.origin).await;
        match &leave {
            Ok(leave) if leave.waited.is_zero() => {}
            Ok(leave) => {
                self.waited += leave.waited;
                self.seat.begin(self.at);
            }
            Err(_) => self.seat.end(),
        }
        leave
    }

    #[inline]
    fn mark(&self) -> SmallVec<[u64; 4]> {
        if self.logs.is_empty() {
            return SmallVec::new();
        }
        self.logs.iter().map(|log| log.mark()).collect()
    }

    fn undo(&mut self, marks: &[u64]) {
        if let Some(state) = &mut self.state {
            state.undo();
        }
        self.logs
            .iter()
            .zip(marks)
            .for_each(|(log, mark)| log.rollback(*mark));
    }

    async fn call_marked(
        &mut self,
        batch: &mut Batch,
        keys: Option<&Arc<Keys>>,
        fails: &mut Fails,
    ) -> Verdict {
        // The limit is for one call of the function: a batch of rows that are taken one by one is many.
        let calls = if self.plan.info.takes.batch {
            1
        } else {
            u32::try_from(batch.len()).unwrap_or(u32::MAX).max(1)
        };
        let limit = self.plan.timeout.map(|limit| limit.saturating_mul(calls));
        match self.plan.info.call {
            Call::Now(call) => call(&mut self.job(batch, keys, fails)),
            Call::Later(call) => {
                let Some(limit) = limit else {
                    return call(&mut self.job(batch, keys, fails)).await;
                };
                let kept = self.plan.info.takes.owned.then(|| batch.copy());
                let mut job = self.job(batch, keys, fails);
                let mut called = call(&mut job);
                // A call that is done at once needs no timer.
                if let Poll::Ready(verdict) = poll_once(&mut called).await {
                    return verdict;
                }
                let answer = tokio::time::timeout(limit, called).await;
                answer.unwrap_or_else(|_| {
                    if let Some(kept) = kept {
                        *batch = kept;
                        *fails = Fails::default();
                    }
                    too_slow(limit)
                })
            }
            Call::Blocking(call) => self.call_blocking(call, batch, keys, fails, limit).await,
        }
    }

    /// Moves the batch to another thread and back. A call that takes too long keeps its thread; its late result is
    /// ignored.
    async fn call_blocking(
        &mut self,
        call: fn(&mut Job<'_>) -> Verdict,
        batch: &mut Batch,
        keys: Option<&Arc<Keys>>,
        fails: &mut Fails,
        limit: Option<Duration>,
    ) -> Verdict {
        let kept = limit.is_some().then(|| batch.copy());
        let (cx, keys, mut state) = (self.cx.clone(), keys.cloned(), self.state.take());
        let (waits, again) = (self.waits, Arc::clone(&self.again));
        let mut moved = std::mem::take(batch);
        let blocking = Blocking::default();
        let thread = blocking.clone();
        let work = tokio::task::spawn_blocking(move || {
            let _done = OnDrop(thread);
            let mut fails = Fails::default();
            let job = state.as_deref_mut().zip(keys.as_ref());
            let state_job = job.map(|(map, keys)| StateJob { map, keys });
            let verdict = call(&mut Job {
                cx: &cx,
                batch: &mut moved,
                state: state_job,
                fails: &mut fails,
                hold: hold(waits, keys.as_ref(), &*again),
            });
            (moved, state, fails, verdict)
        });
        let answer = match limit {
            Some(limit) => tokio::time::timeout(limit, work).await.ok(),
            None => Some(work.await),
        };
        match answer {
            Some(Ok((moved, state, found, verdict))) => {
                *batch = moved;
                self.state = state;
                *fails = found;
                verdict
            }
            Some(Err(stopped)) => match stopped.try_into_panic() {
                // Panics of the function are caught where it is called; this one is ours and stops the flow.
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going away, and this task with it.
                Err(_) => std::future::pending().await,
            },
            None => {
                blocking.give_up();
                if let Some(kept) = kept {
                    *batch = kept;
                }
                if let Some(renew) = &self.renew {
                    // What the call still writes must not be taken for the next one's.
                    self.logs.iter().for_each(|log| log.retire());
                    self.cx = renew(&self.cx);
                }
                too_slow(limit.unwrap_or_default())
            }
        }
    }

    fn job<'a>(
        &'a mut self,
        batch: &'a mut Batch,
        keys: Option<&'a Arc<Keys>>,
        fails: &'a mut Fails,
    ) -> Job<'a> {
        let state = self.state.as_deref_mut().zip(keys);
        let state = state.map(|(map, keys)| StateJob {
            map: map as &mut dyn AnyState,
            keys,
        });
        Job {
            cx: &self.cx,
            batch,
            state,
            fails,
            hold: hold(self.waits, keys, &*self.again),
        }
    }
}

/// What the first look at a call says.
async fn poll_once<F: Future + Unpin>(call: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *call).poll(cx))).await
}

/// Tells that a thread is done, however it ended.
struct OnDrop(Blocking);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.done();
    }
}

fn too_slow(limit: Duration) -> Verdict {
    Verdict::Failed(Error::timeout(format!("the call took longer than {limit:?}")))
}
