//! One call of one step on one batch: sync, async with its time limit, or on a thread of its own.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use kis_conn::LaneLog;
use smallvec::SmallVec;

use super::{
    guards::{Guards, Leave},
    limit::Limit,
    seat::Seat,
    threads::Blocking,
    waits::{Waits, hold},
};
use crate::{
    error::Error,
    flow::StepPlan,
    function::{Call, Ctx, HandsOn, Job, Missing, Place, StateJob, Verdict},
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
    /// Whether later rows of its key wait for a row that failed with an error.
    pub(super) waited_for: Arc<dyn Fn(&Error) -> bool + Send + Sync>,
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
        let verdict = call(&mut self.job(batch, keys, fails, None));
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
            Verdict::Failed(error) if !self.some_stand(error, batch.len()) => {
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

    /// Whether some of the `rows` rows of a call that failed with `error` have had their effect.
    fn some_stand(&self, error: &Error, rows: usize) -> bool {
        let named = error.failed_rows().len();
        self.plan.others_stand() && named > 0 && named + error.not_done().len() < rows
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
        let takes = &self.plan.info.takes;
        let limit = self.plan.timeout.map(|each| Limit {
            each,
            calls: if takes.batch { 1 } else { batch.len() },
        });
        match self.plan.info.call {
            Call::Now(call) => call(&mut self.job(batch, keys, fails, None)),
            Call::Later(call) => {
                let Some(limit) = limit else {
                    return call(&mut self.job(batch, keys, fails, None)).await;
                };
                let kept = (takes.owned && takes.batch).then(|| batch.copy());
                let place = Place::default();
                let mut job = self.job(batch, keys, fails, Some(&place));
                let mut called = call(&mut job);
                // A call that is done at once needs no timer.
                if let Poll::Ready(verdict) = poll_once(&mut called).await {
                    return verdict;
                }
                let answer = limit.wait(called, &place).await;
                answer.unwrap_or_else(|row| {
                    if let Some(kept) = kept {
                        *batch = kept;
                        *fails = Fails::default();
                    }
                    Verdict::Failed(self.too_slow(limit, row, place.missing(), batch.len()))
                })
            }
            Call::Blocking(call) => self.call_blocking(call, batch, keys, fails, limit).await,
        }
    }

    /// The error of a call on `rows` rows that was given up when the loop was at `row`.
    fn too_slow(&self, limit: Limit, row: Option<usize>, missing: Missing, rows: usize) -> Error {
        let error = Error::timeout(format!("the call took longer than {:?}", limit.each));
        let Some(row) = row.filter(|_| rows > 1) else {
            return error;
        };
        let at = missing.in_batch(row);
        let info = &self.plan.info;
        if !self.plan.others_stand() {
            return Error::rows([(at, error)]);
        }
        if info.filters || matches!(info.on, HandsOn::Rows(_)) {
            // What became of the rows before is lost with the call.
            return Error::rows([(at, error)]).before((0..rows).filter(|i| *i != at).collect());
        }
        // The call may have gone on by a little since it was given up.
        let failed = missing.failed.iter().filter(|(i, _)| *i < row);
        let failed = failed.map(|(i, error)| (missing.in_batch(*i), error.clone()));
        let held = missing.held.iter().filter(|i| **i < row);
        let held = held.map(|i| missing.in_batch(*i));
        let unread = missing.unread.iter().copied().filter(|i| *i < at);
        let not_done = held.chain(unread).chain(at + 1..rows).collect();
        Error::rows(failed.chain([(at, error)])).before(not_done)
    }

    /// Moves the batch to another thread and back. A call that takes too long keeps its thread; its late result is
    /// ignored.
    async fn call_blocking(
        &mut self,
        call: fn(&mut Job<'_>) -> Verdict,
        batch: &mut Batch,
        keys: Option<&Arc<Keys>>,
        fails: &mut Fails,
        limit: Option<Limit>,
    ) -> Verdict {
        let place = limit.is_some().then(Arc::<Place>::default);
        let kept = limit.is_some().then(|| batch.copy());
        let (cx, keys, mut state) = (self.cx.clone(), keys.cloned(), self.state.take());
        let (waits, again) = (self.waits, Arc::clone(&self.waited_for));
        let mut moved = std::mem::take(batch);
        let blocking = Blocking::default();
        let (thread, noted) = (blocking.clone(), place.clone());
        let mut work = tokio::task::spawn_blocking(move || {
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
                place: noted.as_deref(),
            });
            (moved, state, fails, verdict)
        });
        let answer = match limit.zip(place.as_deref()) {
            Some((limit, place)) => {
                let answer = limit.wait(&mut work, place).await;
                answer.map_err(|row| (limit, row, place.missing()))
            }
            None => Ok(work.await),
        };
        match answer {
            Ok(Ok((moved, state, found, verdict))) => {
                *batch = moved;
                self.state = state;
                *fails = found;
                verdict
            }
            Ok(Err(stopped)) => match stopped.try_into_panic() {
                // Panics of the function are caught where it is called; this one is ours and stops the flow.
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going away, and this task with it.
                Err(_) => std::future::pending().await,
            },
            Err((limit, row, missing)) => {
                blocking.give_up();
                if let Some(kept) = kept {
                    *batch = kept;
                }
                if let Some(renew) = &self.renew {
                    // What the call still writes must not be taken for the next one's.
                    self.logs.iter().for_each(|log| log.retire());
                    self.cx = renew(&self.cx);
                }
                Verdict::Failed(self.too_slow(limit, row, missing, batch.len()))
            }
        }
    }

    fn job<'a>(
        &'a mut self,
        batch: &'a mut Batch,
        keys: Option<&'a Arc<Keys>>,
        fails: &'a mut Fails,
        place: Option<&'a Place>,
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
            hold: hold(self.waits, keys, &*self.waited_for),
            place,
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
