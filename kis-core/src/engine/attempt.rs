//! One step on one batch: the call, and what is done until every row has a result or has failed for good.

use std::{sync::Arc, time::Instant};

use kis_conf::Policy;
use kis_conn::ErrorClass;
use tracing::Instrument;

use super::{
    chain::{Chain, Run},
    cursor::Came,
    failure::Failing,
    fault::Fault,
    parcel::From,
    reader::Patience,
    search,
};
use crate::{
    error::Error,
    function::{Action, HandsOn, Verdict},
    observe::DropReason,
    row::{Batch, Fail, Fails, key::Keys},
};

impl Chain {
    /// Runs one step on the batch, with all its retries, and says what came of it.
    pub(super) async fn step(&mut self, at: usize, run: &mut Run) -> Result<Came, Fault> {
        let i = at - self.first;
        let plan = &self.steps[i].plan;
        let (on, batchwise, reuse) = (plan.info.on, plan.info.takes.batch, plan.info.reuse);
        if plan.jump_target && !run.inputs.contains_key(&at) {
            run.inputs.insert(at, run.batch.copy());
        }
        if !plan.must.is_empty() && !run.batch.is_empty() {
            self.must(at, run)?;
            if run.batch.is_empty() {
                self.failed.clear();
                return Ok(Came {
                    empty: true,
                    ..Came::default()
                });
            }
        }
        // Rows that failed before the call are not among those given to it.
        self.failed.clear();
        let reused = reuse.then(|| run.batch.copy());
        let given = run.batch.len();
        let mut fails = Fails::default();
        let verdict = self.call(at, run, &mut fails, 1).await;
        let action = match verdict {
            Verdict::Go(action) if fails.is_empty() => action,
            verdict => self.recover(at, run, verdict, fails).await?,
        };
        if action.reuse
            && let Some(reused) = reused
        {
            run.batch = reused;
            self.drop_failed(&mut run.batch);
        }
        let (out, failed) = (run.batch.len(), self.failed.len());
        self.failed.clear();
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
        let empty = out == 0 && (given > 0 || !matches!(on, HandsOn::WhatCameIn));
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
        let span = tracing::debug_span!("step", step = %step.plan.name, rows = run.batch.len(), attempt);
        let verdict = step
            .call(&mut run.batch, run.keys.as_ref(), fails)
            .instrument(span)
            .await;
        let now = Instant::now();
        self.around
            .counters
            .step(at)
            .durations
            .add(now - std::mem::replace(&mut run.clock, now));
        verdict
    }

    /// Goes on after a call that failed, or in which rows failed: waits, tries again, searches, and settles.
    async fn recover(
        &mut self,
        at: usize,
        run: &mut Run,
        verdict: Verdict,
        fails: Fails,
    ) -> Result<Action, Fault> {
        let retry = self.flow.steps[at].on_error.retry.clone();
        let mut backoff = retry.backoff.from;
        let mut attempt = 1;
        let mut patience = Patience::default();
        let (mut verdict, mut fails) = (verdict, fails);
        loop {
            let error = match verdict {
                Verdict::Go(action) => {
                    return self.settle_rows(at, run, fails, attempt).await.map(|()| action);
                }
                Verdict::Failed(error) => error,
            };
            self.fail_rows(at, &run.from, run.keys.as_ref(), fails.drain(), attempt)?;
            match error.class() {
                ErrorClass::Unavailable => {
                    self.around
                        .wait_for_conn(&self.flow, at, &error, &mut patience)
                        .await?;
                }
                ErrorClass::Retry | ErrorClass::Timeout
                    if attempt < retry.attempts && self.flow.steps[at].retries(&error) =>
                {
                    self.around.counters.step(at).retries.add(1);
                    self.around.sleep(backoff).await?;
                    backoff = (backoff * 2).min(retry.backoff.to);
                    attempt += 1;
                }
                ErrorClass::Fatal
                    if self.flow.steps[at].policy(ErrorClass::Fatal, error.code()) == Policy::Stop =>
                {
                    let name = &self.flow.steps[at].name;
                    return Err(Fault::at(name, error.code().to_owned(), error.message()));
                }
                _ => return search::bad_rows(self, at, run, error, attempt).await,
            }
            run.clock = Instant::now();
            verdict = self.call(at, run, &mut fails, attempt).await;
        }
    }

    /// Settles rows that failed one by one; those that may be tried again are tried again before the batch goes on,
    /// so that no row overtakes them.
    async fn settle_rows(
        &mut self,
        at: usize,
        run: &mut Run,
        mut fails: Fails,
        attempt: u32,
    ) -> Result<(), Fault> {
        let retried = |fail: &Fail| self.flow.steps[at].retries(&fail.error);
        let (again, settled): (Vec<Fail>, Vec<Fail>) = fails.drain().partition(retried);
        self.fail_rows(at, &run.from, run.keys.as_ref(), settled.into_iter(), attempt)?;
        for fail in again {
            search::retry_row(self, at, run, fail, attempt).await?;
        }
        Ok(())
    }

    /// Applies the error policy to rows that failed for good.
    pub(super) fn fail_rows(
        &mut self,
        at: usize,
        from: &From,
        keys: Option<&Arc<Keys>>,
        fails: impl Iterator<Item = Fail>,
        attempts: u32,
    ) -> Result<(), Fault> {
        let failing = Failing {
            flow: &self.flow.name,
            step: &self.flow.steps[at],
            at,
            from,
            keys,
            counters: &self.around.counters,
            attempts,
            now_ms: self.around.now_ms(),
        };
        for fail in fails {
            self.failed.push(fail.origin);
            failing.settle(fail, &mut self.letters)?;
        }
        Ok(())
    }

    /// Rejects rows in which a field is missing that the step's function document demands, or warns of them.
    fn must(&mut self, at: usize, run: &mut Run) -> Result<(), Fault> {
        let flow = Arc::clone(&self.flow);
        let plan = &flow.steps[at];
        if plan.must.is_empty() || run.batch.is_empty() {
            return Ok(());
        }
        let mut fails = Fails::default();
        if let Some(row) = plan.info.takes.row {
            (row.view)(&mut run.batch, &mut fails);
        }
        let mut keep = vec![true; run.batch.len()];
        let mut lacking = vec![false; run.batch.len()];
        let mut first = None;
        for name in &plan.must {
            for (i, has) in run.batch.has_value(name).into_iter().enumerate() {
                if has || !keep[i] {
                    continue;
                }
                let text = format!("{} demands field {name}, which has no value", plan.name);
                if plan.must_warns {
                    lacking[i] = true;
                    first.get_or_insert_with(|| (run.batch.origin_of(i), text));
                } else {
                    keep[i] = false;
                    fails.push(run.batch.fail(i, Error::reject(text).with_code("must")));
                }
            }
        }
        if let Some((origin, text)) = first {
            let rows = lacking.iter().filter(|lacking| **lacking).count() as u64;
            let told = self.around.counters.step(at).lack(rows, self.around.now_ms());
            if let Some(untold) = told {
                tracing::warn!(flow = %flow.name, step = %plan.name, at = plan.info.at,
                    origin = %run.from.show(origin), rows, untold, "must: {text}; let through by `must: warn`");
            }
        }
        run.batch.retain(&keep);
        self.fail_rows(at, &run.from, run.keys.as_ref(), fails.drain(), 1)
    }

    /// Takes the rows that failed in this step out of a batch that was copied before it.
    fn drop_failed(&self, batch: &mut Batch) {
        if !self.failed.is_empty() {
            let keep: Vec<bool> = (0..batch.len())
                .map(|i| !self.failed.contains(&batch.origin_of(i)))
                .collect();
            batch.retain(&keep);
        }
    }
}
