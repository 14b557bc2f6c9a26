//! Rows that failed for good in a batch and are not settled yet: whether they may be is for the budget to say.

use std::{collections::HashMap, sync::Arc};

use kis_conf::{Order, Policy};
use kis_conn::ErrorClass;

use super::{budget::Judged, chain::Chain, failure::Failing, fault::Fault, parcel::From};
use crate::{
    error::Error,
    function::{HandsOn, Verdict},
    row::{Batch, Fail, Fails, key::Keys},
};

/// How many rows of a batch are tried again to see whether a paused flow may go on.
const SAMPLE: usize = 100;

/// A row that failed for good and is not settled yet.
#[derive(Debug)]
pub(super) struct Withheld {
    fail: Fail,
    attempts: u32,
    failed: Failed,
}

/// How a row came to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// The step was called with it, so another call can tell something.
    Called,
    /// Before the step: it is not among the rows that were given to it.
    Before,
    /// It was tried until that made no sense any more.
    Spent,
}

/// A batch in which rows failed.
pub(super) struct Passing<'a> {
    pub(super) from: &'a From,
    pub(super) keys: Option<&'a Arc<Keys>>,
    /// The rows that passed.
    pub(super) batch: &'a mut Batch,
    /// How many rows there were, those that failed included.
    pub(super) given: usize,
}

impl Chain {
    /// Notes rows that failed for good. They are settled by [`Chain::settle_withheld`].
    pub(super) fn withhold(&mut self, fails: impl Iterator<Item = Fail>, attempts: u32, failed: Failed) {
        let rows = fails.map(|fail| Withheld {
            fail,
            attempts,
            failed,
        });
        self.withheld.extend(rows);
    }

    /// Settles the rows that failed at step `at`. If the budget is used up the flow pauses first; rows that work when
    /// they are tried again then are put back into the batch.
    ///
    /// # Errors
    /// When the flow has to stop.
    pub(super) async fn settle_withheld(&mut self, at: usize, mut passing: Passing<'_>) -> Result<(), Fault> {
        let mut rows = std::mem::take(&mut self.withheld);
        if rows.is_empty() {
            return Ok(());
        }
        let (flow, guards) = (Arc::clone(&self.flow), Arc::clone(&self.guards));
        let plan = &flow.steps[at];
        let policy = |row: &Withheld| plan.policy(row.fail.error.class(), row.fail.error.code());
        while !rows.iter().any(|row| policy(row) == Policy::Stop) {
            let mut letters = rows.iter().filter(|row| policy(row) != Policy::Drop);
            let Some(last) = letters.next_back() else { break };
            let counts = (passing.given as u64, letters.count() as u64 + 1);
            match guards.budgets.judge(plan, at, counts, &last.fail.error).await? {
                Judged::Within => break,
                // What made rows fail is mended: those that fail now are at fault themselves.
                Judged::TryAgain => {
                    self.try_withheld(at, &mut passing, &mut rows, usize::MAX).await?;
                    break;
                }
                Judged::Probe(turn) => {
                    let (tried, failed) = self.try_withheld(at, &mut passing, &mut rows, SAMPLE).await?;
                    if guards.budgets.probed(plan, at, turn, (tried, failed)) {
                        if tried > 0 {
                            self.try_withheld(at, &mut passing, &mut rows, usize::MAX).await?;
                        }
                        break;
                    }
                }
            }
        }
        self.settle(at, &passing, rows)
    }

    /// Applies the error policy to rows that failed for good.
    fn settle(&mut self, at: usize, passing: &Passing<'_>, rows: Vec<Withheld>) -> Result<(), Fault> {
        let dead = self.around.counters.dead.get();
        let lost = rows.iter().filter(|row| row.failed == Failed::Before).count() as u64;
        let before = self.letters.len();
        for row in rows {
            let failing = Failing::at(
                (&self.flow, &self.around),
                at,
                (passing.from, passing.keys),
                row.attempts,
            );
            self.failed += 1;
            let nth = self.fallen.count(at, row.fail.origin);
            failing.settle(row.fail, nth, &mut self.letters)?;
        }
        self.note_letters(before);
        let letters = self.around.counters.dead.get().saturating_sub(dead);
        self.guards.budgets.count(at, letters, lost);
        Ok(())
    }

    /// Calls the step again with at most so many of the rows, one by one. Those that work are put back into the batch,
    /// unless a later row of their key has passed. Says how many were tried and how many of these failed.
    async fn try_withheld(
        &mut self,
        at: usize,
        passing: &mut Passing<'_>,
        rows: &mut Vec<Withheld>,
        most: usize,
    ) -> Result<(u64, u64), Fault> {
        let hands_on = !matches!(self.flow.steps[at].info.on, HandsOn::Nothing);
        let traceless = !self.flow.steps[at].others_stand();
        let mut passed = Passed::of(self, passing, rows.len());
        let (mut tried, mut failed) = (0, 0);
        let mut left = Vec::with_capacity(rows.len());
        for mut row in std::mem::take(rows) {
            let tries = row.failed == Failed::Called && tried < most as u64;
            let Some(mut one) = row.fail.batch().filter(|_| tries) else {
                left.push(row);
                continue;
            };
            let for_good = passed.may_follow(row.fail.origin, passing.keys);
            if !for_good && !traceless {
                left.push(row);
                continue;
            }
            tried += 1;
            match self.once(at, &mut one, passing.keys, for_good).await? {
                Err(error) => {
                    failed += 1;
                    row.fail.error = error;
                    left.push(row);
                }
                Ok(()) if for_good => {
                    passed.add(row.fail.origin, passing.keys);
                    if hands_on {
                        passing.batch.merge(one);
                    }
                }
                Ok(()) => left.push(row),
            }
        }
        *rows = left;
        Ok((tried, failed))
    }

    /// Calls the step on one row, and takes everything back unless it is `for_good`.
    async fn once(
        &mut self,
        at: usize,
        one: &mut Batch,
        keys: Option<&Arc<Keys>>,
        for_good: bool,
    ) -> Result<Result<(), Error>, Fault> {
        let flow = Arc::clone(&self.flow);
        loop {
            let mut fails = Fails::default();
            let step = &mut self.steps[at - self.first];
            let verdict = match for_good {
                true => step.call(one, keys, &mut fails).await,
                false => step.probe(one, keys).await,
            };
            let error = match verdict {
                Verdict::Go(_) => fails.drain().next().map(|fail| fail.error),
                Verdict::Failed(error) => Some(error),
            };
            match error {
                None => return Ok(Ok(())),
                Some(error) if error.class() == ErrorClass::Unavailable => {
                    self.around.wait_for_conn(&flow, at, &error).await?;
                }
                Some(error) => return Ok(Err(error)),
            }
        }
    }
}

/// The last row of each key that passed, so that none is put behind a later one of its key.
enum Passed {
    /// The order of rows does not matter.
    Any,
    /// Which rows passed is not known.
    Unknown,
    /// The last row of each key; of all rows, under an empty key, where rows have none.
    Last(HashMap<Vec<u8>, u32>),
}

impl Passed {
    fn of(chain: &Chain, passing: &Passing<'_>, failed: usize) -> Passed {
        let free = |source: &crate::flow::SourcePlan| matches!(source.conf.order, Order::None);
        if passing.keys.is_none() && chain.flow.sources.iter().all(free) {
            return Passed::Any;
        }
        let mut passed = Passed::Last(HashMap::new());
        if passing.batch.is_empty() && passing.given > failed {
            return Passed::Unknown;
        }
        for i in 0..passing.batch.len() {
            passed.add(passing.batch.origin_of(i), passing.keys);
        }
        passed
    }

    fn add(&mut self, origin: Option<u32>, keys: Option<&Arc<Keys>>) {
        match (&mut *self, origin) {
            (Passed::Last(last), Some(row)) => {
                let last = last.entry(key_of(row, keys)).or_default();
                *last = row.max(*last);
            }
            (Passed::Last(_), None) => *self = Passed::Unknown,
            (Passed::Any | Passed::Unknown, _) => {}
        }
    }

    fn may_follow(&self, origin: Option<u32>, keys: Option<&Arc<Keys>>) -> bool {
        match (self, origin) {
            (Passed::Any, _) => true,
            (Passed::Unknown, _) => false,
            (Passed::Last(last), None) => last.is_empty(),
            (Passed::Last(last), Some(row)) => last.get(&key_of(row, keys)).is_none_or(|last| *last <= row),
        }
    }
}

fn key_of(row: u32, keys: Option<&Arc<Keys>>) -> Vec<u8> {
    keys.map_or_else(Vec::new, |keys| keys.get(row as usize).canonical().to_vec())
}
