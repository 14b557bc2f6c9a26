//! Finds the rows for which a call on a whole batch fails, so that the others go on.

use std::{collections::HashSet, sync::Arc};

use kis_conf::Mode;
use kis_conn::ErrorClass;

use super::{
    chain::{Chain, Run},
    fault::Fault,
    tries::Tries,
    waits::Waits,
    withheld::Failed,
};
use crate::{
    error::Error,
    function::{Action, HandsOn, Verdict},
    row::{Batch, Fail, Fails},
};

/// Takes out of the batch the rows for which the call fails, and settles them; the others get their result.
///
/// # Errors
/// When the flow has to stop.
pub(super) async fn bad_rows(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    mut error: Error,
    tries: &Tries,
) -> Result<Action, Fault> {
    let attempt = tries.attempt;
    if run.batch.is_empty() {
        // There is no row to blame and to set aside.
        return Err(Fault::at(
            &chain.flow.steps[at].name,
            error.code().to_owned(),
            error.message(),
        ));
    }
    let hands_on_given = matches!(chain.flow.steps[at].info.on, HandsOn::WhatCameIn);
    let mut again = Vec::new();
    // Rows on which a call had its effect before it ended.
    let mut done = Batch::default();
    // Whether the one row that is left has been tried as often as it may.
    let mut spent = false;
    let action = loop {
        let named = named_rows(&error, run.batch.len());
        if named.is_empty() {
            let (action, more) = search(chain, at, run, error, attempt).await?;
            again.extend(more);
            break action;
        }
        let (retried, settled): (Vec<_>, Vec<_>) = named
            .into_iter()
            .partition(|(_, error)| !spent && chain.is_tried_again(at, error));
        let mut named = Named {
            behind: behind(chain, at, run, &retried, &settled),
            retried,
            ..Named::settled(settled)
        };
        if chain.flow.steps[at].others_stand() {
            let given = named.stand(error.not_done(), run.batch.len());
            // The sink took these rows; sending them again would double them. What they became is not known.
            if hands_on_given && !named.done.is_empty() {
                let mut stood = run.batch.copy();
                stood.retain(&given);
                done.merge(stood);
            }
        }
        again.extend(take_rows(run, named, chain, attempt));
        if run.batch.is_empty() {
            break Action::default();
        }
        match persist_all(chain, at, run, attempt).await? {
            Ok((action, more)) => {
                again.extend(more);
                break action;
            }
            Err(next) => {
                spent = run.batch.len() == 1;
                error = next;
            }
        }
    };
    if !done.is_empty() {
        done.merge(std::mem::take(&mut run.batch));
        run.batch = done;
    }
    chain.try_rows_again(at, run, again, tries).await?;
    Ok(action)
}

/// Returns with the action the rows that failed alone and are to be tried again.
async fn search(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    error: Error,
    attempt: u32,
) -> Result<(Action, Vec<Fail>), Fault> {
    if matches!(chain.flow.steps[at].info.mode, Mode::Save | Mode::Expand) {
        let action = in_parts(chain, at, run, error, attempt).await?;
        Ok((action, Vec::new()))
    } else {
        by_probes(chain, at, run, error, attempt).await
    }
}

/// Verify, Load and Calculate: probe halves without an effect, then run once more without the bad rows; only that
/// result counts.
async fn by_probes(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    error: Error,
    attempt: u32,
) -> Result<(Action, Vec<Fail>), Fault> {
    let rows = run.batch.len();
    let mut bad: Vec<(usize, Error)> = Vec::new();
    let mut suspects = vec![(0, rows, error.clone())];
    while let Some((from, to, error)) = suspects.pop() {
        if to - from == 1 {
            bad.push((from, error));
            continue;
        }
        let middle = from + (to - from) / 2;
        for (from, to) in [(from, middle), (middle, to)] {
            if let Err(error) = chain.probe(at, run, (from, to), attempt).await? {
                suspects.push((from, to, error));
            }
        }
    }
    if bad.is_empty() {
        // Each half works and both together do not: the batch as a whole is what the function refuses.
        bad.extend((0..rows).map(|i| (i, error.clone())));
    }
    take_rows(run, Named::settled(bad), chain, attempt);
    if run.batch.is_empty() {
        return Ok((Action::default(), Vec::new()));
    }
    match persist_all(chain, at, run, attempt).await? {
        Ok(done) => Ok(done),
        Err(error) => {
            let all = (0..run.batch.len()).map(|i| (i, error.clone())).collect();
            take_rows(run, Named::settled(all), chain, attempt);
            Ok((Action::default(), Vec::new()))
        }
    }
}

/// Calls the step on all rows that are left in the run, as [`Chain::persist`] does.
async fn persist_all(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    attempt: u32,
) -> Result<Result<(Action, Vec<Fail>), Error>, Fault> {
    let mut batch = std::mem::take(&mut run.batch);
    let done = chain.persist(at, &mut batch, run, attempt).await;
    run.batch = batch;
    done
}

/// Save and Expand: halves if a failed call leaves nothing behind, else row by row; what succeeded stands.
async fn in_parts(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    error: Error,
    attempt: u32,
) -> Result<Action, Fault> {
    let atomic = chain.flow.steps[at].is_atomic();
    let whole = std::mem::take(&mut run.batch);
    let mut action = Action::default();
    // The front piece is always worked on first, so that rows of one key keep their order.
    let mut pieces = split(whole, atomic, error);
    while let Some((mut piece, error)) = pieces.pop() {
        if let Some(error) = error {
            let fail = piece.fail(0, error);
            chain.withhold(std::iter::once(fail), attempt, Failed::Called);
            continue;
        }
        match chain.persist(at, &mut piece, run, attempt).await? {
            Ok((asked, again)) => {
                action = action.and(asked);
                if !matches!(chain.flow.steps[at].info.on, HandsOn::Nothing) {
                    run.batch.merge(piece);
                }
                // The pieces behind this one may hold later rows of their keys.
                for fail in again {
                    retry_row(chain, at, run, fail, attempt).await?;
                }
            }
            Err(error) => pieces.extend(split(piece, atomic, error)),
        }
    }
    Ok(action)
}

/// A piece that failed, cut into two halves or into single rows, the front one last. A single row keeps its error.
fn split(piece: Batch, atomic: bool, error: Error) -> Vec<(Batch, Option<Error>)> {
    let rows = piece.len();
    if rows == 1 {
        return vec![(piece, Some(error))];
    }
    let size = if atomic { rows.div_ceil(2) } else { 1 };
    let starts: Vec<usize> = (0..rows).step_by(size.max(1)).collect();
    let part = |from: usize| (piece.part(from, (from + size).min(rows)), None);
    starts.into_iter().rev().map(part).collect()
}

/// Tries one row again, alone, until it works or its attempts are spent; its result goes to its place in the batch.
pub(super) async fn retry_row(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    mut fail: Fail,
    attempt: u32,
) -> Result<(), Fault> {
    let retry = chain.flow.steps[at].on_error.retry;
    let mut tries = Tries::spent(attempt, retry.backoff.from);
    while let Some(mut one) = fail.batch() {
        if std::mem::take(&mut fail.held) {
            // It was not called yet.
            tries.attempt = 1;
        } else if fail.error.class() == ErrorClass::Unavailable {
            let flow = Arc::clone(&chain.flow);
            chain.around.wait_for_conn(&flow, at, &fail.error).await?;
        } else if tries.attempt < retry.attempts && chain.flow.steps[at].retries(&fail.error) {
            let (later, wait) = tries.later(&retry);
            tries = later;
            chain.wait(at, wait, &mut tries).await?;
        } else {
            break;
        }
        let mut fails = Fails::default();
        match chain.steps[at - chain.first]
            .call(&mut one, run.keys.as_ref(), &mut fails)
            .await
        {
            Verdict::Go(_) => match fails.drain().next() {
                Some(next) => fail.error = next.error,
                None => {
                    if !matches!(chain.flow.steps[at].info.on, HandsOn::Nothing) {
                        run.batch.merge(one);
                    }
                    return Ok(());
                }
            },
            Verdict::Failed(error) => fail.error = error,
        }
    }
    chain.withhold(std::iter::once(fail), tries.attempt, Failed::Called);
    Ok(())
}

/// The rows that an error names, as far as the batch has them, each once.
fn named_rows(error: &Error, rows: usize) -> Vec<(usize, Error)> {
    let mut named: Vec<(usize, Error)> = error
        .failed_rows()
        .iter()
        .filter(|(i, _)| *i < rows)
        .cloned()
        .collect();
    named.sort_by_key(|(i, _)| *i);
    named.dedup_by_key(|(i, _)| *i);
    named
}

/// The rows that wait behind those that are tried again: later ones of their keys, or all where rows have no key.
fn behind(
    chain: &Chain,
    at: usize,
    run: &Run,
    retried: &[(usize, Error)],
    settled: &[(usize, Error)],
) -> Vec<usize> {
    if chain.waits == Waits::None {
        return Vec::new();
    }
    let waited_for = |(_, error): &&(usize, Error)| chain.is_waited_for(at, error);
    let retried = retried.iter().chain(settled.iter().filter(waited_for));
    let key = |i: usize| Some(run.keys.as_ref()?.hash(run.batch.origin_of(i)? as usize));
    let settled: HashSet<usize> = settled.iter().map(|(i, _)| *i).collect();
    let retried: HashSet<usize> = retried.map(|(i, _)| *i).collect();
    let mut keys = HashSet::new();
    let mut behind = Vec::new();
    for i in 0..run.batch.len() {
        if retried.contains(&i) {
            keys.insert(key(i));
        } else if !settled.contains(&i) && keys.contains(&key(i)) {
            behind.push(i);
        }
    }
    behind
}

/// Rows that leave their batch.
#[derive(Default)]
struct Named {
    /// They come back to be tried again.
    retried: Vec<(usize, Error)>,
    /// They were not called, or without effect, and come back after those.
    behind: Vec<usize>,
    /// They have failed for good.
    settled: Vec<(usize, Error)>,
    /// They are through with the step.
    done: Vec<usize>,
}

impl Named {
    fn settled(settled: Vec<(usize, Error)>) -> Named {
        Named {
            settled,
            ..Named::default()
        }
    }

    /// The rows stand that failed for no reason of theirs, but for those that were `not_done`. Gives which of the rows
    /// stand.
    fn stand(&mut self, not_done: &[usize], rows: usize) -> Vec<bool> {
        let mut stand = vec![true; rows];
        let failed = self.retried.iter().chain(&self.settled).map(|(i, _)| *i);
        failed
            .chain(not_done.iter().copied().filter(|i| *i < rows))
            .for_each(|i| stand[i] = false);
        self.behind.retain(|i| !stand[*i]);
        self.done = (0..rows).filter(|i| stand[*i]).collect();
        stand
    }
}

/// Takes rows out of the batch; returns those that come back.
fn take_rows(run: &mut Run, named: Named, chain: &mut Chain, attempt: u32) -> Vec<Fail> {
    let Named {
        retried,
        behind,
        mut settled,
        done,
    } = named;
    let mut keep = vec![true; run.batch.len()];
    let named = retried.iter().chain(&settled).map(|(i, _)| i);
    named.chain(&behind).chain(&done).for_each(|i| keep[*i] = false);
    settled.sort_by_key(|(i, _)| *i);
    let fails: Vec<Fail> = settled
        .into_iter()
        .map(|(i, error)| run.batch.fail(i, error))
        .collect();
    let held = |i| run.batch.held(i);
    let again = retried.into_iter().map(|(i, error)| run.batch.fail(i, error));
    let again = again.chain(behind.into_iter().map(held)).collect();
    run.batch.retain(&keep);
    chain.withhold(fails.into_iter(), attempt, Failed::Called);
    again
}
