//! One call of one step on one batch: sync, async with its time limit, or on a thread of its own.

use std::{sync::Arc, time::Duration};

use kis_conf::Mode;
use kis_conn::LaneLog;
use smallvec::SmallVec;

use crate::{
    error::Error,
    flow::StepPlan,
    function::{Call, Ctx, Job, StateJob, Verdict},
    row::{Batch, Fails, key::Keys},
    state::AnyState,
};

/// One step in one lane.
pub(super) struct StepRun {
    pub(super) plan: Arc<StepPlan>,
    pub(super) cx: Ctx,
    pub(super) state: Option<Box<dyn AnyState>>,
    /// What the step's connectors keep for the lane; empty for a step without connectors.
    pub(super) logs: Vec<Arc<dyn LaneLog>>,
}

impl StepRun {
    /// Calls the function once. A failed call leaves no trace in the step's state and in its connectors' logs.
    pub(super) async fn call(
        &mut self,
        batch: &mut Batch,
        keys: Option<&Arc<Keys>>,
        fails: &mut Fails,
    ) -> Verdict {
        let marks = self.mark();
        let verdict = self.call_marked(batch, keys, fails).await;
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
        let marks = self.mark();
        if let Some(state) = &mut self.state {
            state.hold();
        }
        let verdict = self.call_marked(batch, keys, &mut Fails::default()).await;
        if let Some(state) = &mut self.state {
            state.let_go();
        }
        self.undo(&marks);
        verdict
    }

    fn mark(&self) -> SmallVec<[u64; 4]> {
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
                let answer = tokio::time::timeout(limit, call(&mut job)).await;
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
        let mut moved = std::mem::take(batch);
        let work = tokio::task::spawn_blocking(move || {
            let mut fails = Fails::default();
            let job = state.as_deref_mut().zip(keys.as_ref());
            let state_job = job.map(|(map, keys)| StateJob { map, keys });
            let verdict = call(&mut Job {
                cx: &cx,
                batch: &mut moved,
                state: state_job,
                fails: &mut fails,
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
                if let Some(kept) = kept {
                    *batch = kept;
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
        }
    }
}

fn too_slow(limit: Duration) -> Verdict {
    Verdict::Failed(Error::timeout(format!("the call took longer than {limit:?}")))
}
