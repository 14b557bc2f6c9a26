//! Runs a function that takes one row at a time over a batch, without a future.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{keys::StateOf, wrong_state};
use crate::{
    error::Error,
    function::{
        Action, ByRef, ByVal, Job, RowFn, RowReturn, StateFn, Verdict, results::Walk, row_return::FailFn,
    },
    row::{Batch, Fail, Fails, Row, Rows},
};

/// One row that failed, and the row itself where the batch no longer has it.
type Bad<T> = (usize, Error, Option<T>);

/// Calls `f` with each row, borrowed.
#[inline]
pub fn rows_ref<F: RowFn<ByRef>>(job: &mut Job<'_>, f: impl FnMut(&F::In) -> F::Ret) -> Verdict {
    let mut bad: Vec<Bad<F::In>> = Vec::new();
    let rows = job.batch.view::<F::In>(job.fails);
    let acc = drive::<ByRef, F::Ret, _>(rows.iter(), f, &mut |i, error| bad.push((i, error, None)));
    finish::<ByRef, F::Ret, F::In>(job.batch, job.fails, acc, bad)
}

/// Calls `f` with each row, borrowed, and the state of its key.
pub fn rows_ref_state<F: RowFn<ByRef> + StateFn>(
    job: &mut Job<'_>,
    mut f: impl FnMut(&F::In, &mut F::State) -> F::Ret,
) -> Verdict {
    let mut bad: Vec<Bad<F::In>> = Vec::new();
    let (rows, origin) = job.batch.view_and_origin::<F::In>(job.fails);
    let Some(state) = StateOf::<F::State>::new(job.state.as_mut(), origin) else {
        return wrong_state::<F::State>(job.cx);
    };
    let state = RefCell::new(state);
    let mut number = Number::default();
    let each = |row| f(row, state.borrow_mut().next(number.next()));
    let acc = drive::<ByRef, F::Ret, _>(rows.iter(), each, &mut |i, error| {
        state.borrow_mut().undo();
        bad.push((i, error, None));
    });
    state.into_inner().keep();
    finish::<ByRef, F::Ret, F::In>(job.batch, job.fails, acc, bad)
}

/// Calls `f` with each row, taken.
#[inline]
pub fn rows_own<F: RowFn<ByVal>>(job: &mut Job<'_>, mut f: impl FnMut(F::In) -> F::Ret) -> Verdict {
    let keeps = Keeps::<F::In>::new::<F>(job.batch);
    let mut bad: Vec<Bad<F::In>> = Vec::new();
    let rows = job.batch.take::<F::In>(job.fails);
    let acc = if keeps.on {
        let each = |row| f(keeps.keep(row));
        drive::<ByVal, F::Ret, _>(rows.into_iter(), each, &mut |i, error| {
            bad.push((i, error, keeps.row.take()));
        })
    } else {
        drive::<ByVal, F::Ret, _>(rows.into_iter(), f, &mut |i, error| bad.push((i, error, None)))
    };
    finish::<ByVal, F::Ret, F::In>(job.batch, job.fails, acc, bad)
}

/// Calls `f` with each row, taken, and the state of its key.
pub fn rows_own_state<F: RowFn<ByVal> + StateFn>(
    job: &mut Job<'_>,
    mut f: impl FnMut(F::In, &mut F::State) -> F::Ret,
) -> Verdict {
    let keeps = Keeps::<F::In>::new::<F>(job.batch);
    let mut bad: Vec<Bad<F::In>> = Vec::new();
    let rows = job.batch.take::<F::In>(job.fails);
    let Some(state) = StateOf::<F::State>::new(job.state.as_mut(), job.batch.origin()) else {
        return wrong_state::<F::State>(job.cx);
    };
    let state = RefCell::new(state);
    let mut number = Number::default();
    let each = |row| f(keeps.keep_if_on(row), state.borrow_mut().next(number.next()));
    let acc = drive::<ByVal, F::Ret, _>(rows.into_iter(), each, &mut |i, error| {
        state.borrow_mut().undo();
        bad.push((i, error, keeps.row.take()));
    });
    state.into_inner().keep();
    finish::<ByVal, F::Ret, F::In>(job.batch, job.fails, acc, bad)
}

/// The number of each row. `enumerate` does not count a row whose call panics.
#[derive(Default)]
struct Number(usize);

impl Number {
    #[inline]
    fn next(&mut self) -> usize {
        let number = self.0;
        self.0 += 1;
        number
    }
}

/// Keeps a copy of the row that is in the call, where the batch does not hold it and the call may fail.
struct Keeps<T> {
    on: bool,
    row: Cell<Option<T>>,
}

impl<T: Row> Keeps<T> {
    fn new<F: RowFn<ByVal, In = T>>(batch: &Batch) -> Keeps<T> {
        Keeps {
            on: <F::Ret as RowReturn<ByVal>>::CAN_FAIL && batch.is::<T>(),
            row: Cell::new(None),
        }
    }

    #[inline]
    fn keep(&self, row: T) -> T {
        self.row.set(Some(row.copy()));
        row
    }

    #[inline]
    fn keep_if_on(&self, row: T) -> T {
        if self.on { self.keep(row) } else { row }
    }
}

/// Calls `f` for all rows. After a panic it goes on behind the row that panicked, so a batch costs one guard and a
/// row none.
#[inline]
fn drive<By, R, I>(rows: I, mut f: impl FnMut(I::Item) -> R, fail: FailFn<'_>) -> R::Acc
where
    R: RowReturn<By>,
    I: ExactSizeIterator,
{
    let mut acc = R::start(rows.len());
    let mut walk = Walk::new(rows);
    loop {
        let run = || R::settle_all(&mut acc, &mut walk, &mut f, fail);
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(()) => return acc,
            Err(payload) => {
                R::settle_none(&mut acc);
                fail(walk.row(), Error::panicked(&*payload));
            }
        }
    }
}

fn finish<By, R: RowReturn<By>, T: Row>(
    batch: &mut Batch,
    fails: &mut Fails,
    acc: R::Acc,
    bad: Vec<Bad<T>>,
) -> Verdict {
    let gone: Vec<u32> = bad.iter().map(|(i, ..)| *i as u32).collect();
    for (i, error, row) in bad {
        let row = row.map(|row| Rows::typed(vec![row]));
        fails.push(Fail {
            row: row.or_else(|| (i < batch.len()).then(|| batch.rows().copy_one(i))),
            index: i as u32,
            origin: batch.origin_of(i),
            error,
        });
    }
    R::finish(acc, batch, &gone);
    Verdict::Go(Action::default())
}
