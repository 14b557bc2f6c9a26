//! Finds the rows for which a call on a whole batch fails, so that the others go on.

use std::sync::Arc;

use kis_conf::Mode;
use kis_conn::ErrorClass;

use super::{
    chain::{Chain, Run},
    fault::Fault,
    reader::Patience,
};
use crate::{
    error::Error,
    function::{Action, HandsOn, Verdict},
    row::{Batch, Fail, Fails, Origin, key::Keys},
};

/// Takes out of the batch the rows for which the call fails, and settles them; the others get their result.
///
/// # Errors
/// When the flow has to stop.
pub(super) async fn bad_rows(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    error: Error,
    attempts: u32,
) -> Result<Action, Fault> {
    let effects = matches!(chain.flow.steps[at].info.mode, Mode::Save | Mode::Expand);
    if effects {
        in_parts(chain, at, run, error, attempts).await
    } else {
        by_probes(chain, at, run, error, attempts).await
    }
}

/// Verify, Load and Calculate: probe halves without an effect, then run once more without the bad rows; only that
/// result counts.
async fn by_probes(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    error: Error,
    attempts: u32,
) -> Result<Action, Fault> {
    let rows = run.batch.len();
    let mut bad: Vec<(usize, Error)> = named_rows(&error, rows);
    if bad.is_empty() {
        let mut suspects = vec![(0, rows, error.clone())];
        while let Some((from, to, error)) = suspects.pop() {
            if to - from == 1 {
                bad.push((from, error));
                continue;
            }
            let middle = from + (to - from) / 2;
            for (from, to) in [(from, middle), (middle, to)] {
                let mut part = run.batch.part(from, to);
                if let Err(error) = chain.probe(at, &mut part, run).await? {
                    suspects.push((from, to, error));
                }
            }
        }
    }
    if bad.is_empty() {
        // Each half works and both together do not: the batch as a whole is what the function refuses.
        bad.extend((0..rows).map(|i| (i, error.clone())));
    }
    drop_bad(chain, at, run, bad, attempts)?;
    if run.batch.is_empty() {
        return Ok(Action::default());
    }
    let mut fails = Fails::default();
    match chain
        .call_waiting(at, &mut run.batch, run.keys.clone(), &mut fails)
        .await?
    {
        Verdict::Go(action) => {
            chain.fail_rows(at, &run.from, run.keys.as_ref(), fails.drain(), attempts)?;
            Ok(action)
        }
        Verdict::Failed(error) => {
            let all = (0..run.batch.len()).map(|i| (i, error.clone())).collect();
            drop_bad(chain, at, run, all, attempts)?;
            Ok(Action::default())
        }
    }
}

/// Save and Expand: halves if a failed call leaves nothing behind, else row by row; what succeeded stands.
async fn in_parts(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    error: Error,
    attempts: u32,
) -> Result<Action, Fault> {
    let rows = run.batch.len();
    let atomic = chain.flow.steps[at].atomic;
    let named = named_rows(&error, rows);
    if !named.is_empty() {
        drop_bad(chain, at, run, named, attempts)?;
        if !atomic || run.batch.is_empty() {
            // The sink took the other rows; sending them again would double them.
            return Ok(Action::default());
        }
    }
    let whole = run.batch.take_all();
    let mut action = Action::default();
    // The front piece is always worked on first, so that rows of one key keep their order.
    let mut pieces = split(whole, atomic, error);
    while let Some((mut piece, error)) = pieces.pop() {
        if let Some(error) = error.filter(|_| piece.len() == 1) {
            let fail = piece.fail(0, error);
            chain.fail_rows(at, &run.from, run.keys.as_ref(), std::iter::once(fail), attempts)?;
            continue;
        }
        let mut fails = Fails::default();
        match chain
            .call_waiting(at, &mut piece, run.keys.clone(), &mut fails)
            .await?
        {
            Verdict::Go(asked) => {
                chain.fail_rows(at, &run.from, run.keys.as_ref(), fails.drain(), attempts)?;
                action = action.and(asked);
                if !matches!(chain.flow.steps[at].info.on, HandsOn::Nothing) {
                    run.batch.merge(piece);
                }
            }
            Verdict::Failed(error) => pieces.extend(split(piece, atomic, error)),
        }
    }
    Ok(action)
}

/// A piece that failed, cut into two halves or into single rows, the front one last. A single row keeps its error.
fn split(piece: Batch, atomic: bool, error: Error) -> Vec<(Batch, Option<Error>)> {
    let rows = piece.len();
    if rows <= 1 {
        return vec![(piece, Some(error))];
    }
    let size = if atomic { rows.div_ceil(2) } else { 1 };
    let starts: Vec<usize> = (0..rows).step_by(size).collect();
    starts
        .into_iter()
        .rev()
        .map(|from| (piece.part(from, (from + size).min(rows)), None))
        .collect()
}

/// Tries one row again, alone, until it works or its attempts are spent; its result goes to its place in the batch.
pub(super) async fn retry_row(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    mut fail: Fail,
    mut attempt: u32,
) -> Result<(), Fault> {
    let retry = chain.flow.steps[at].on_error.retry.clone();
    let mut backoff = retry.backoff.from;
    while attempt < retry.attempts && chain.flow.steps[at].retries(&fail.error) {
        let Some(row) = fail.row.as_ref() else { break };
        chain.around.counters.step(at).retries.add(1);
        chain.around.sleep(backoff).await?;
        backoff = (backoff * 2).min(retry.backoff.to);
        attempt += 1;
        let mut one = Batch::new(row.copy());
        one.set_origin(
            fail.origin
                .map_or(Origin::All, |origin| Origin::Each(vec![origin])),
        );
        let mut fails = Fails::default();
        match chain
            .call_waiting(at, &mut one, run.keys.clone(), &mut fails)
            .await?
        {
            Verdict::Go(_) if fails.is_empty() => {
                if !matches!(chain.flow.steps[at].info.on, HandsOn::Nothing) {
                    run.batch.merge(one);
                }
                return Ok(());
            }
            Verdict::Go(_) => {
                if let Some(next) = fails.drain().next() {
                    fail.error = next.error;
                }
            }
            Verdict::Failed(error) => fail.error = error,
        }
    }
    chain.fail_rows(at, &run.from, run.keys.as_ref(), std::iter::once(fail), attempt)
}

/// The rows that an error names, as far as the batch has them.
fn named_rows(error: &Error, rows: usize) -> Vec<(usize, Error)> {
    error
        .failed_rows()
        .iter()
        .filter(|(i, _)| *i < rows)
        .cloned()
        .collect()
}

fn drop_bad(
    chain: &mut Chain,
    at: usize,
    run: &mut Run,
    bad: Vec<(usize, Error)>,
    attempts: u32,
) -> Result<(), Fault> {
    let mut keep = vec![true; run.batch.len()];
    let mut fails = Vec::with_capacity(bad.len());
    for (i, error) in bad {
        keep[i] = false;
        fails.push(run.batch.fail(i, error));
    }
    fails.sort_by_key(|fail| fail.index);
    run.batch.retain(&keep);
    chain.fail_rows(at, &run.from, run.keys.as_ref(), fails.into_iter(), attempts)
}

impl Chain {
    /// Calls the step on a part of the batch and takes everything back, to see whether it works.
    async fn probe(&mut self, at: usize, part: &mut Batch, run: &Run) -> Result<Result<(), Error>, Fault> {
        let i = at - self.first;
        let mut patience = Patience::default();
        loop {
            match self.steps[i].probe(part, run.keys.as_ref()).await {
                Verdict::Go(_) => return Ok(Ok(())),
                Verdict::Failed(error) if error.class() == ErrorClass::Unavailable => {
                    let flow = Arc::clone(&self.flow);
                    self.around
                        .wait_for_conn(&flow, at, &error, &mut patience)
                        .await?;
                }
                Verdict::Failed(error) => return Ok(Err(error)),
            }
        }
    }

    /// Calls the step once, and again as long as its connector is not available.
    pub(super) async fn call_waiting(
        &mut self,
        at: usize,
        batch: &mut Batch,
        keys: Option<Arc<Keys>>,
        fails: &mut Fails,
    ) -> Result<Verdict, Fault> {
        let i = at - self.first;
        let mut patience = Patience::default();
        loop {
            match self.steps[i].call(batch, keys.as_ref(), fails).await {
                Verdict::Failed(error) if error.class() == ErrorClass::Unavailable => {
                    let flow = Arc::clone(&self.flow);
                    self.around
                        .wait_for_conn(&flow, at, &error, &mut patience)
                        .await?;
                }
                verdict => return Ok(verdict),
            }
        }
    }
}
