//! The steps of one stage in one lane: a batch runs through them to the end, without a queue in between.

use std::{collections::HashMap, sync::Arc};

use kis_conn::{
    ErrorClass, LaneLog,
    store::{LaneCut, LetterWrite},
};

use tracing::Instrument;

use super::{
    around::Surroundings,
    call::StepRun,
    cursor::{self, Came, Next},
    failure::Failing,
    fault::Fault,
    lane::LaneFreeze,
    parcel::{Flight, From, Parcel},
    reader::Patience,
    search,
};
use crate::{
    error::Error,
    flow::FlowPlan,
    function::{Action, HandsOn, JumpTo, Verdict},
    observe::DropReason,
    row::{Batch, Fail, Fails, Origin, key::Keys},
};

/// The steps of one stage in one lane, with their state and what they have changed since the last marker.
pub(super) struct Chain {
    pub(super) flow: Arc<FlowPlan>,
    pub(super) around: Surroundings,
    /// The number in the flow of the first of `steps`.
    pub(super) first: usize,
    pub(super) steps: Vec<StepRun>,
    /// The number of the step behind the last one of the sequence this chain belongs to: the flow's steps, or those
    /// of `at_end`.
    pub(super) total: usize,
    pub(super) logs: Vec<Arc<dyn LaneLog>>,
    pub(super) letters: Vec<LetterWrite>,
    /// Rows that failed for good so far, whatever their policy.
    pub(super) failed: usize,
    /// By which key and into how many lanes the next stage takes the rows; nothing for the last stage.
    pub(super) onward: Option<Onward>,
    /// Takes the rows behind the last step, where a program asks for them.
    pub(super) collected: Option<Vec<Batch>>,
}

/// How rows go from the head or from a stage into the lanes of the next one.
#[derive(Clone, Debug)]
pub(super) struct Onward {
    pub(super) route: Route,
    pub(super) lanes: usize,
    /// Whether a key may occur only once in a batch.
    pub(super) unique: bool,
}

/// Which lane takes a row.
#[derive(Clone, Debug)]
pub(super) enum Route {
    /// The lane of the value of this field, which is the row's key from here on.
    Key(Arc<str>),
    /// This lane, for all rows of the batch.
    Lane(usize),
}

/// A batch on its way through a chain.
pub(super) struct Run {
    pub(super) batch: Batch,
    pub(super) keys: Option<Arc<Keys>>,
    pub(super) from: From,
    /// Inputs of declared jump targets, by the step's number.
    inputs: HashMap<usize, Batch>,
    jumps: u32,
}

impl Chain {
    /// Runs a parcel to the end of the stage. Returns what goes on to the next stage.
    ///
    /// # Errors
    /// When the flow has to stop; the parcel is not settled then.
    pub(super) async fn work(&mut self, parcel: Parcel) -> Result<Vec<(usize, Parcel)>, Fault> {
        self.letters.extend(parcel.letters);
        let flight = parcel.flight;
        let mut at = parcel.step;
        let mut run = Run {
            batch: parcel.batch,
            keys: parcel.keys,
            from: parcel.from,
            inputs: HashMap::new(),
            jumps: 0,
        };
        if self.steps.is_empty() {
            return Ok(self.leave(run, at, flight));
        }
        let end = self.first + self.steps.len();
        let now_ms = self.around.now_ms();
        for state in self.steps.iter_mut().filter_map(|step| step.state.as_mut()) {
            state.set_now(now_ms);
        }
        loop {
            let came = self.step(at, &mut run).await?;
            match cursor::next(at, self.total, came) {
                Next::Step { at: target, back } => {
                    if back || target > at + 1 {
                        self.jump(at, target, back, &mut run)?;
                    }
                    if target >= end {
                        return Ok(self.leave(run, target, flight));
                    }
                    at = target;
                }
                Next::Done => {
                    self.collected
                        .iter_mut()
                        .for_each(|rows| rows.push(std::mem::take(&mut run.batch)));
                    return Ok(Vec::new());
                }
                Next::Aborted => {
                    self.around
                        .counters
                        .step(at)
                        .drop_rows(DropReason::Aborted, run.batch.len() as u64);
                    return Ok(Vec::new());
                }
                Next::Empty => return Ok(Vec::new()),
            }
        }
    }

    /// Takes what changed since the last marker.
    pub(super) fn freeze(&mut self, cut: u64) -> LaneFreeze {
        let mut writes = LaneCut {
            letters: std::mem::take(&mut self.letters),
            ..LaneCut::default()
        };
        for log in &self.logs {
            log.freeze(&mut writes);
        }
        let mut state = Vec::new();
        let mut keys = 0;
        for (i, step) in self.steps.iter_mut().enumerate() {
            if let Some(map) = &mut step.state {
                map.expire();
                keys += map.len() as u64;
                state.push((self.first + i, map.freeze()));
            }
        }
        LaneFreeze {
            cut,
            state,
            writes,
            keys,
        }
    }

    /// Runs one step on the batch, with all its retries, and says what came of it.
    async fn step(&mut self, at: usize, run: &mut Run) -> Result<Came, Fault> {
        let flow = Arc::clone(&self.flow);
        let plan = &flow.steps[at];
        let counters = Arc::clone(&self.around.counters);
        let counters = counters.step(at);
        if plan.jump_target && !run.inputs.contains_key(&at) {
            run.inputs.insert(at, run.batch.copy());
        }
        let before = run.batch.len();
        self.must(at, run)?;
        let given = run.batch.len();
        if given == 0 && before > 0 {
            return Ok(Came {
                empty: true,
                ..Came::default()
            });
        }
        let reused = plan.info.reuse.then(|| run.batch.copy());
        counters.rows_in.add(given as u64);
        let failed_before = self.failed;
        let action = self.call(at, run).await?;
        if action.reuse {
            if let Some(reused) = reused {
                run.batch = reused;
            }
        }
        let out = run.batch.len();
        counters.rows_out.add(out as u64);
        let failed = self.failed - failed_before;
        if matches!(plan.info.on, HandsOn::WhatCameIn) || !plan.info.takes.batch {
            // Functions that see one row at a time say by a missing row that they do not want it.
            if !matches!(plan.info.on, HandsOn::Nothing) {
                counters.drop_rows(DropReason::Filtered, given.saturating_sub(out + failed) as u64);
            }
        }
        if at + 1 == self.flow.own_steps && !action.abort {
            let passed = if matches!(plan.info.on, HandsOn::Nothing) {
                given.saturating_sub(failed)
            } else {
                out
            };
            self.around.counters.rows_out.add(passed as u64);
        }
        let jump = match action.jump {
            Some(to) => Some(self.target(at, &to)?),
            None => None,
        };
        let empty = out == 0 && !matches!(plan.info.on, HandsOn::WhatCameIn) || out == 0 && given > 0;
        Ok(Came {
            abort: action.abort,
            force_next: action.force_next,
            jump,
            empty,
        })
    }

    /// Calls the step until every row has a result or has failed for good.
    async fn call(&mut self, at: usize, run: &mut Run) -> Result<Action, Fault> {
        let i = at - self.first;
        let retry = self.flow.steps[at].on_error.retry.clone();
        let mut backoff = retry.backoff.from;
        let mut attempt = 1;
        let mut patience = Patience::default();
        loop {
            let mut fails = Fails::default();
            let started = std::time::Instant::now();
            let step = &mut self.steps[i];
            let span = tracing::debug_span!("step", step = %step.plan.name, rows = run.batch.len(), attempt);
            let verdict = step
                .call(&mut run.batch, run.keys.as_ref(), &mut fails)
                .instrument(span)
                .await;
            self.around.counters.step(at).durations.add(started.elapsed());
            let error = match verdict {
                Verdict::Go(action) => {
                    if fails.is_empty() {
                        return Ok(action);
                    }
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
                    continue;
                }
                ErrorClass::Retry | ErrorClass::Timeout
                    if attempt < retry.attempts && self.flow.steps[at].retries(&error) =>
                {
                    self.around.counters.step(at).retries.add(1);
                    self.around.sleep(backoff).await?;
                    backoff = (backoff * 2).min(retry.backoff.to);
                    attempt += 1;
                    continue;
                }
                ErrorClass::Fatal => {
                    return Err(Fault::at(
                        &self.flow.steps[at].name,
                        error.code().to_owned(),
                        error.message(),
                    ));
                }
                _ => return search::bad_rows(self, at, run, error, attempt).await,
            }
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
        let (again, settled): (Vec<Fail>, Vec<Fail>) = fails
            .drain()
            .partition(|fail| self.flow.steps[at].retries(&fail.error));
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
            self.failed += 1;
            failing.settle(fail, &mut self.letters)?;
        }
        Ok(())
    }

    /// Rejects rows in which a field is missing that the step's function document demands.
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
        for name in &plan.must {
            for (i, has) in run.batch.has_value(name).into_iter().enumerate() {
                if keep[i] && !has {
                    keep[i] = false;
                    let text = format!("{} demands field {name}, which has no value", plan.name);
                    fails.push(run.batch.fail(i, Error::reject(text).with_code("must")));
                }
            }
        }
        run.batch.retain(&keep);
        self.fail_rows(at, &run.from, run.keys.as_ref(), fails.drain(), 1)
    }

    fn target(&self, at: usize, to: &JumpTo) -> Result<usize, Fault> {
        self.flow.steps[at].jump(to).ok_or_else(|| {
            Fault::at(
                &self.flow.steps[at].name,
                "undeclared_jump",
                format_args!("jumps to {to}, which its attribute does not declare; write jumps({to}) there"),
            )
        })
    }

    fn jump(&self, at: usize, target: usize, back: bool, run: &mut Run) -> Result<(), Fault> {
        run.jumps += 1;
        if run.jumps > self.flow.max_jumps {
            return Err(Fault::at(
                &self.flow.steps[at].name,
                "max_jumps",
                format_args!(
                    "a run jumped more than {} times; raise max_jumps of the flow or end the loop",
                    self.flow.max_jumps
                ),
            ));
        }
        if back {
            let input = run.inputs.get(&target).map(Batch::copy);
            run.batch = input.ok_or_else(|| Fault::bug("the input of a jump target was not kept"))?;
        }
        Ok(())
    }

    /// Deals the rows out to the lanes of the next stage.
    fn leave(&mut self, mut run: Run, step: usize, flight: Arc<Flight>) -> Vec<(usize, Parcel)> {
        let Some(onward) = &self.onward else {
            return Vec::new();
        };
        let from = match run.batch.set_origin(Origin::Same) {
            Origin::Same => run.from,
            Origin::Each(rows) => run.from.select(rows),
            Origin::All => run.from.whole(),
        };
        let whole = Parcel {
            batch: run.batch,
            keys: None,
            from,
            step,
            letters: Vec::new(),
            flight,
        };
        match &onward.route {
            Route::Lane(lane) => vec![(*lane, whole)],
            Route::Key(field) => {
                let keys = whole.batch.keys(field);
                whole.deal(keys, onward.lanes, onward.unique)
            }
        }
    }
}
