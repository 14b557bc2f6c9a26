//! Runs a function that takes a batch.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{keyed::lend, wrong_state};
use crate::{
    error::Error,
    function::{Action, BatchFn, BatchReturn, ByRef, ByVal, Function, Job, JumpTo, Keyed, StateFn, Verdict},
    row::{Row, Rows},
};

/// Calls `f` with the batch, borrowed.
#[inline]
pub fn batch_ref<F: BatchFn<ByRef>>(job: &mut Job<'_>, f: impl FnOnce(&[F::In]) -> F::Ret) -> Verdict {
    let rows = job.batch.view::<F::In>(job.fails);
    let result = guard(|| f(rows));
    batch_done::<F, ByRef>(job, result)
}

/// Calls `f` with the batch, borrowed, and its state by key.
pub fn batch_ref_state<F: BatchFn<ByRef> + StateFn>(
    job: &mut Job<'_>,
    f: impl FnOnce(&[F::In], &mut Keyed<F::State>) -> F::Ret,
) -> Verdict {
    let (rows, origin) = job.batch.view_and_origin::<F::In>(job.fails);
    let Some(mut lent) = lend::<F::State, F::In>(job.state.as_mut(), rows, origin) else {
        return wrong_state::<F::State>(job.cx);
    };
    let result = guard(|| f(rows, lent.keyed()));
    drop(lent);
    batch_done::<F, ByRef>(job, result)
}

/// Calls `f` with the batch, taken. The batch keeps the rows, so that a failed call can be tried again.
#[inline]
pub fn batch_own<F: BatchFn<ByVal>>(job: &mut Job<'_>, f: impl FnOnce(Vec<F::In>) -> F::Ret) -> Verdict {
    let rows = batch_copy::<F, ByVal>(job);
    let result = guard(|| f(rows));
    batch_done::<F, ByVal>(job, result)
}

/// Calls `f` with the batch, whatever its type.
pub fn batch_any<F: BatchFn<ByRef>>(job: &mut Job<'_>, f: impl FnOnce(&Rows) -> F::Ret) -> Verdict {
    let rows = job.batch.rows();
    let result = guard(|| f(rows));
    batch_done::<F, ByRef>(job, result)
}

/// The rows as the function takes them, while the batch keeps its own.
pub fn batch_copy<F: BatchFn<By>, By>(job: &mut Job<'_>) -> Vec<F::In> {
    if job.batch.is::<F::In>() {
        job.batch.view::<F::In>(job.fails).iter().map(Row::copy).collect()
    } else {
        job.batch.take(job.fails)
    }
}

/// Ends a call: the result becomes the batch, or the batch stands as it did and the state is put back.
pub fn batch_done<F: BatchFn<By>, By>(job: &mut Job<'_>, result: Result<F::Ret, Error>) -> Verdict {
    let verdict = match result.and_then(|result| result.done(job.batch)) {
        Ok(action) => declared::<F>(action),
        Err(error) => Verdict::Failed(error),
    };
    if let Some(state) = &mut job.state {
        match verdict {
            Verdict::Go(_) => state.map.keep(),
            Verdict::Failed(_) => state.map.undo(),
        }
    }
    verdict
}

fn guard<T>(call: impl FnOnce() -> T) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| Error::panicked(&*payload))
}

/// Refuses an action that the attribute does not declare.
fn declared<F: Function>(action: Action) -> Verdict {
    let info = &F::INFO;
    if action.reuse && !info.reuse {
        let text = format!(
            "{} returned reuse, which it does not declare; add `reuse` to its #[kis_function(..)]",
            F::NAME
        );
        return Verdict::Failed(Error::fatal(text));
    }
    match action.jump {
        Some(JumpTo::Function(to)) if !info.jumps.contains(&to) => Verdict::Failed(Error::fatal(format!(
            "{} jumped to {to}, which it does not declare; add `jumps({to})` to its #[kis_function(..)]",
            F::NAME
        ))),
        _ => Verdict::Go(action),
    }
}
