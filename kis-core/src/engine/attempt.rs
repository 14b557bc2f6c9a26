//! One step on one batch: the call, and what is done until every row has a result or has failed for good.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kis_conf::Policy;
use kis_conn::ErrorClass;
use tracing::Instrument;

use super::{
    chain::{Chain, Run},
    cursor::Came,
    fault::Fault,
    search,
    tries::Tries,
    withheld::Failed,
};
use crate::{
    error::Error,
    function::{Action, HandsOn, Verdict},
    observe::DropReason,
    row::{Batch, Fail, Fails},
};

/// Whether a call that failed is made again.
enum Again {
    /// At once: what it waited for is there.
    Now,
    /// After this time.
    After(Duration),
    /// Not with these rows together.
    No,
}

impl Chain {
    /// Runs one step on the batch, with all its retries, and says what came of it.
    ///
    /// `tries` are those of rows that were set aside before.
    pub(super) async fn step(
        &mut self,
        at: usize,
        run: &mut Run,
        tries: Option<Tries>,
    ) -> Result<Came, Fault> {
        self.guards.budgets.pass().await?;
        let i = at - self.first;
        let plan = &self.steps[i].plan;
        let (on, batchwise) = (plan.info.on, plan.info.takes.batch);
        if !plan.must.is_empty() && !run.batch.is_empty() {
            self.must(at, run);
            let given = run.batch.len() + self.withheld.len();
            self.settle_withheld(at, run.passing(given)).await?;
            if run.batch.is_empty() {
                self.failed = 0;
                return Ok(Came {
                    empty: true,
                    ..Came::default()
                });
            }
        }
        // Rows that failed before the call are not among those given to it.
        self.failed = 0;
        let came = run.batch.len();
        let mut fails = Fails::default();
        let attempt = tries.as_ref().map_or(1, |tries| tries.attempt);
        let verdict = self.call(at, run, &mut fails, attempt).await;
        let action = match verdict {
            Verdict::Go(action) if fails.is_empty() => action,
            verdict => {
                let tries = tries.unwrap_or_else(|| Tries::first(&self.flow.steps[at]));
                let action = self.recover(at, run, verdict, fails, tries).await?;
                self.settle_withheld(at, run.passing(came - self.aside)).await?;
                self.has_state(at)?;
                action
            }
        };
        // Rows that were set aside are counted when they come back.
        let given = came - std::mem::take(&mut self.aside);
        // Reuse needs nothing here: the batch still holds the rows that came in, without those that failed.
        let (out, failed) = (run.batch.len(), std::mem::take(&mut self.failed));
        let counters = self.around.counters.step(at);
        counters.rows_in.add(given as u64);
        counters.rows_out.add(out as u64);
        if failed > 0 {
            counters.failed.add(failed as u64);
        }
        let hands_on = !matches!(on, HandsOn::Nothing);
        if hands_on && (!batchwise || matches!(on, HandsOn::WhatCameIn)) {
            // Functions that see one row at a time say by a missing row that they do not want it.
            counters.drop_rows(DropReason::Filtered, given.saturating_sub(out + failed) as u64);
        }
        if at + 1 == self.flow.own_steps && !action.abort {
            let passed = if hands_on {
                out
            } else {
                given.saturating_sub(failed)
            };
            self.around.counters.rows_out.add(passed as u64);
        }
        let jump = action.jump.as_ref().map(|to| self.target(at, to)).transpose()?;
        let empty = out == 0 && (came > 0 || !matches!(on, HandsOn::WhatCameIn));
        Ok(Came {
            abort: action.abort,
            force_next: action.force_next,
            jump,
            empty,
        })
    }

    /// Calls the step once.
    async fn call(&mut self, at: usize, run: &mut Run, fails: &mut Fails, attempt: u32) -> Verdict {
        let step = &mut self.steps[at - self.first];
        let (name, rows) = (&self.flow.steps[at].name, run.batch.len());
        // The span costs as much as a small step, so it is made only when somebody looks.
        let verdict = if tracing::enabled!(tracing::Level::DEBUG) {
            step.call(&mut run.batch, run.keys.as_ref(), fails)
                .instrument(tracing::debug_span!("step", step = %name, rows, attempt))
                .await
        } else if let Some(verdict) = step.call_now(&mut run.batch, run.keys.as_ref(), fails) {
            if !matches!(verdict, Verdict::Go(_)) || !fails.is_empty() {
                step.tell(&verdict, fails).await;
            }
            verdict
        } else {
            step.call(&mut run.batch, run.keys.as_ref(), fails).await
        };
        let waited = step.take_waited();
        let now = Instant::now();
        let took = now - std::mem::replace(&mut run.clock, now);
        let counters = self.around.counters.step(at);
        counters.durations.add(took.saturating_sub(waited));
        verdict
    }

    /// Goes on after a call that failed, or in which rows failed: waits, tries again, searches, and settles.
    async fn recover(
        &mut self,
        at: usize,
        run: &mut Run,
        verdict: Verdict,
        mut fails: Fails,
        mut tries: Tries,
    ) -> Result<Action, Fault> {
        let mut error = match verdict {
            Verdict::Go(action) => return self.settle_rows(at, run, fails, &tries).await.map(|()| action),
            Verdict::Failed(error) => error,
        };
        loop {
            self.withhold(fails.drain(), tries.attempt, Failed::Called);
            match self.again(at, &error, run.batch.len(), &mut tries).await? {
                Again::Now => {}
                Again::After(wait) if self.sets_aside(at, run) => {
                    if self.waited_long(&tries) {
                        return search::bad_rows(self, at, run, error, &tries).await;
                    }
                    self.set_batch_aside(at, run, error, tries, wait);
                    return Ok(Action::default());
                }
                Again::After(wait) => self.wait(at, wait, &mut tries).await?,
                Again::No => return search::bad_rows(self, at, run, error, &tries).await,
            }
            run.clock = Instant::now();
            error = match self.call(at, run, &mut fails, tries.attempt).await {
                Verdict::Go(action) => {
                    return self.settle_rows(at, run, fails, &tries).await.map(|()| action);
                }
                Verdict::Failed(error) => error,
            };
        }
    }

    /// Whether a call that failed with `error` is to be made again on the same `rows` rows. Waits for a connector that is
    /// not available.
    async fn again(
        &mut self,
        at: usize,
        error: &Error,
        rows: usize,
        tries: &mut Tries,
    ) -> Result<Again, Fault> {
        self.has_state(at)?;
        let plan = Arc::clone(&self.flow.steps[at]);
        let error = match (rows, error.failed_rows()) {
            (_, []) => error,
            (1, [(_, error), ..]) => error,
            // Which rows are at fault is known; the others are not to be sent again.
            _ => return Ok(Again::No),
        };
        match error.class() {
            ErrorClass::Unavailable => {
                self.around.wait_for_conn(&self.flow, at, error).await?;
                Ok(Again::Now)
            }
            ErrorClass::Fatal if plan.policy(ErrorClass::Fatal, error.code()) == Policy::Stop => {
                Err(Fault::at(&plan.name, error.code().to_owned(), error.message()))
            }
            _ if tries.attempt < plan.on_error.retry.attempts && plan.retries(error) => {
                let (later, wait) = tries.later(&plan.on_error.retry);
                *tries = later;
                Ok(Again::After(wait))
            }
            _ => Ok(Again::No),
        }
    }

    /// A blocking call that was given up keeps the lane's state, so the flow can only go on from its last cut.
    fn has_state(&self, at: usize) -> Result<(), Fault> {
        let plan = &self.flow.steps[at];
        if plan.state.is_none() || self.steps[at - self.first].state.is_some() {
            return Ok(());
        }
        Err(Fault::at(
            &plan.name,
            "gave_up",
            "a call took longer than limits.step_timeout and was given up with the state that it holds; start the flow \
             again, and it goes on from its last cut; raise the limit if a call may take so long",
        ))
    }

    /// Waits in the lane for the next try.
    pub(super) async fn wait(&mut self, at: usize, wait: Duration, tries: &mut Tries) -> Result<(), Fault> {
        self.around.counters.step(at).retries.add(1);
        self.around.sleep(wait).await?;
        tries.attempt += 1;
        Ok(())
    }

    /// Waits in the lane if a call that failed with `error` is to be made again on the same rows, and says whether it is.
    async fn wait_to_try_again(
        &mut self,
        at: usize,
        error: &Error,
        rows: usize,
        tries: &mut Tries,
    ) -> Result<bool, Fault> {
        match self.again(at, error, rows, tries).await? {
            Again::Now => Ok(true),
            Again::After(wait) => self.wait(at, wait, tries).await.map(|()| true),
            Again::No => Ok(false),
        }
    }

    /// Calls the step on some of a run's rows until it works or trying again cannot mend it. Returns with its action the
    /// rows that failed alone and are to be tried again.
    pub(super) async fn persist(
        &mut self,
        at: usize,
        batch: &mut Batch,
        run: &Run,
        attempt: u32,
    ) -> Result<Result<(Action, Vec<Fail>), Error>, Fault> {
        let mut tries = Tries::spent(attempt, self.flow.steps[at].on_error.retry.backoff.from);
        loop {
            let mut fails = Fails::default();
            let verdict = self.steps[at - self.first]
                .call(batch, run.keys.as_ref(), &mut fails)
                .await;
            match verdict {
                Verdict::Go(action) => return Ok(Ok((action, self.sort_out(at, fails, tries.attempt)))),
                Verdict::Failed(error) => {
                    self.withhold(fails.drain(), tries.attempt, Failed::Called);
                    if !self
                        .wait_to_try_again(at, &error, batch.len(), &mut tries)
                        .await?
                    {
                        return Ok(Err(error));
                    }
                }
            }
        }
    }

    /// Calls the step on a part of the batch and takes everything back, to see whether it works.
    pub(super) async fn probe(
        &mut self,
        at: usize,
        run: &Run,
        (from, to): (usize, usize),
        attempt: u32,
    ) -> Result<Result<(), Error>, Fault> {
        let mut tries = Tries::spent(attempt, self.flow.steps[at].on_error.retry.backoff.from);
        loop {
            let mut part = run.batch.part(from, to);
            match self.steps[at - self.first]
                .probe(&mut part, run.keys.as_ref())
                .await
            {
                Verdict::Go(_) => return Ok(Ok(())),
                Verdict::Failed(error) => {
                    if !self.wait_to_try_again(at, &error, to - from, &mut tries).await? {
                        return Ok(Err(error));
                    }
                }
            }
        }
    }

    /// Settles rows that failed one by one; those that may work later are set aside, or tried again before the batch
    /// goes on.
    async fn settle_rows(
        &mut self,
        at: usize,
        run: &mut Run,
        fails: Fails,
        tries: &Tries,
    ) -> Result<(), Fault> {
        let again = self.sort_out(at, fails, tries.attempt);
        self.try_rows_again(at, run, again, tries).await
    }

    /// Of rows that failed alone, those that are to be tried again and those that wait behind them; the others have failed
    /// for good.
    fn sort_out(&mut self, at: usize, mut fails: Fails, attempt: u32) -> Vec<Fail> {
        let (again, settled): (Vec<Fail>, Vec<Fail>) = fails
            .drain()
            .partition(|fail| fail.held || self.is_tried_again(at, &fail.error));
        self.withhold(settled.into_iter(), attempt, Failed::Called);
        again
    }

    /// Sets rows aside that failed alone and those that wait behind them, or tries them again one by one.
    pub(super) async fn try_rows_again(
        &mut self,
        at: usize,
        run: &mut Run,
        mut again: Vec<Fail>,
        tries: &Tries,
    ) -> Result<(), Fault> {
        if again.is_empty() {
            return Ok(());
        }
        again.sort_by_key(|fail| (fail.origin, fail.index));
        let known = again.iter().all(|fail| fail.origin.is_some());
        let down = |fail: &Fail| !fail.held && fail.error.class() == ErrorClass::Unavailable;
        if known && self.sets_rows_aside(at, run) && !again.iter().any(down) {
            self.set_rows_aside(at, run, again, tries);
            return Ok(());
        }
        for fail in again {
            search::retry_row(self, at, run, fail, tries.attempt).await?;
        }
        Ok(())
    }

    /// Whether a row that failed alone with this error may work later.
    pub(super) fn is_tried_again(&self, at: usize, error: &Error) -> bool {
        (self.steps[at - self.first].again)(error)
    }

    /// Whether later rows of its key wait for a row that failed alone with this error.
    pub(super) fn is_waited_for(&self, at: usize, error: &Error) -> bool {
        (self.steps[at - self.first].waited_for)(error)
    }
}
