//! Runs a function that takes one row at a time over a batch, without a future.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use super::{keys::StateOf, wrong_state};
use crate::{
    error::Error,
    function::{
        Action, ByRef, ByVal, Hold, Job, Place, RowFn, RowReturn, StateFn, Verdict, hold::Behind,
        place::GivenUp, results::Walk,
    },
    row::{Batch, Fail, Fails, Origin, Row, Rows},
};

/// Calls `f` with each row, borrowed.
#[inline]
pub fn rows_ref<F: RowFn<ByRef>>(job: &mut Job<'_>, f: impl FnMut(&F::In) -> F::Ret) -> Verdict {
    let (rows, origin) = job.batch.view_and_origin::<F::In>(job.fails);
    let mut lost = Lost::new(job.hold, job.place, job.fails, origin);
    let acc = drive::<ByRef, F::Ret, _, _>(rows.iter(), f, |_| None, &mut lost, || None);
    let bad = lost.end();
    finish::<ByRef, F::Ret, F::In>(job.batch, job.fails, acc, bad)
}

/// Calls `f` with each row, borrowed, and the state of its key.
pub fn rows_ref_state<F: RowFn<ByRef> + StateFn>(
    job: &mut Job<'_>,
    mut f: impl FnMut(&F::In, &mut F::State) -> F::Ret,
) -> Verdict {
    let (rows, origin) = job.batch.view_and_origin::<F::In>(job.fails);
    let Some(state) = StateOf::<F::State>::new(job.state.as_mut(), origin) else {
        return wrong_state::<F::State>(job.cx);
    };
    let state = RefCell::new(state);
    let mut lost = Lost::new(job.hold, job.place, job.fails, origin);
    let number = Number::default();
    let each = |row| f(row, state.borrow_mut().next(number.next()));
    let own = |_| {
        number.next();
        None
    };
    let acc = drive::<ByRef, F::Ret, _, _>(rows.iter(), each, own, &mut lost, || {
        state.borrow_mut().undo();
        None
    });
    state.into_inner().keep();
    let bad = lost.end();
    finish::<ByRef, F::Ret, F::In>(job.batch, job.fails, acc, bad)
}

/// Calls `f` with each row, taken.
#[inline]
pub fn rows_own<F: RowFn<ByVal>>(job: &mut Job<'_>, mut f: impl FnMut(F::In) -> F::Ret) -> Verdict {
    let keeps = Keeps::<F::In>::new::<F>(job.batch);
    let rows = job.batch.take::<F::In>(job.fails);
    let mut lost = Lost::new(job.hold, job.place, job.fails, job.batch.origin());
    let acc = if keeps.on {
        let each = |row| f(keeps.keep(row));
        drive::<ByVal, F::Ret, _, _>(rows.into_iter(), each, Some, &mut lost, || keeps.row.take())
    } else {
        drive::<ByVal, F::Ret, _, _>(rows.into_iter(), f, Some, &mut lost, || None)
    };
    let bad = lost.end();
    finish::<ByVal, F::Ret, F::In>(job.batch, job.fails, acc, bad)
}

/// Calls `f` with each row, taken, and the state of its key.
pub fn rows_own_state<F: RowFn<ByVal> + StateFn>(
    job: &mut Job<'_>,
    mut f: impl FnMut(F::In, &mut F::State) -> F::Ret,
) -> Verdict {
    let keeps = Keeps::<F::In>::new::<F>(job.batch);
    let rows = job.batch.take::<F::In>(job.fails);
    let origin = job.batch.origin();
    let Some(state) = StateOf::<F::State>::new(job.state.as_mut(), origin) else {
        return wrong_state::<F::State>(job.cx);
    };
    let state = RefCell::new(state);
    let mut lost = Lost::new(job.hold, job.place, job.fails, origin);
    let number = Number::default();
    let each = |row| f(keeps.keep_if_on(row), state.borrow_mut().next(number.next()));
    let own = |row| {
        number.next();
        Some(row)
    };
    let acc = drive::<ByVal, F::Ret, _, _>(rows.into_iter(), each, own, &mut lost, || {
        state.borrow_mut().undo();
        keeps.row.take()
    });
    state.into_inner().keep();
    let bad = lost.end();
    finish::<ByVal, F::Ret, F::In>(job.batch, job.fails, acc, bad)
}

/// The number of each row. `enumerate` does not count a row whose call panics.
#[derive(Default)]
struct Number(Cell<usize>);

impl Number {
    #[inline]
    fn next(&self) -> usize {
        self.0.replace(self.0.get() + 1)
    }
}

/// The rows of a call that have no result.
struct Lost<'a, T> {
    bad: Vec<Bad<T>>,
    place: Option<&'a Place>,
    behind: Behind<'a, &'a Origin>,
}

/// One row that has no result.
struct Bad<T> {
    index: usize,
    /// Why it failed; nothing for a row that was not called and waits.
    error: Option<Error>,
    /// The row itself, where the batch no longer has it.
    row: Option<T>,
}

impl<'a, T> Lost<'a, T> {
    /// None is lost yet but those that failed when they were read.
    fn new(
        hold: Option<Hold<'a>>,
        place: Option<&'a Place>,
        fails: &Fails,
        origin: &'a Origin,
    ) -> Lost<'a, T> {
        if let Some(place) = place
            && !fails.is_empty()
        {
            place.unread(fails);
        }
        Lost {
            bad: Vec::new(),
            place,
            behind: Behind::new(hold, origin),
        }
    }

    /// Whether rows may wait from here on.
    #[cold]
    fn fail(&mut self, index: usize, error: Error, row: Option<T>) -> bool {
        let wait = self.behind.failed(index, &error);
        if let Some(place) = self.place {
            place.failed(index, &error);
        }
        self.bad.push(Bad {
            index,
            error: Some(error),
            row,
        });
        wait
    }

    #[cold]
    fn hold(&mut self, index: usize, row: Option<T>) {
        if let Some(place) = self.place {
            place.held(index);
            place.pass();
        }
        self.bad.push(Bad {
            index,
            error: None,
            row,
        });
    }

    /// All rows are through.
    #[inline]
    fn end(self) -> Vec<Bad<T>> {
        if let Some(place) = self.place {
            place.pass();
        }
        self.bad
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
/// row none. Once a row failed that others wait for, each is looked at alone. `kept` gives the row in the call as it
/// was before, and `own` the row of one that is not called.
#[inline]
fn drive<By, R, I, T>(
    rows: I,
    mut f: impl FnMut(I::Item) -> R,
    own: impl Fn(I::Item) -> Option<T>,
    lost: &mut Lost<'_, T>,
    mut kept: impl FnMut() -> Option<T>,
) -> R::Acc
where
    R: RowReturn<By>,
    I: ExactSizeIterator,
{
    let mut acc = R::start(rows.len());
    let mut walk = Walk::new(rows);
    while !lost.behind.any() {
        let mut fail = |i, error| lost.fail(i, error, kept());
        let run = || R::settle_all(&mut acc, &mut walk, &mut f, &mut fail);
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(()) if walk.is_done() => return acc,
            Ok(()) => {}
            Err(payload) => {
                R::settle_none(&mut acc);
                fail(walk.row(), panicked(payload));
            }
        }
    }
    while let Some(row) = walk.rows.next() {
        let index = walk.row();
        if lost.behind.holds(index) {
            R::settle_none(&mut acc);
            lost.hold(index, own(row));
            continue;
        }
        let failed = match catch_unwind(AssertUnwindSafe(|| f(row))) {
            Ok(result) => result.settle_one(&mut acc, index),
            Err(payload) => {
                R::settle_none(&mut acc);
                Err(panicked(payload))
            }
        };
        if let Err(error) = failed {
            lost.fail(index, error, kept());
        }
    }
    acc
}

/// The error of a row that panicked. The loop of a call that was given up ends here.
#[cold]
fn panicked(payload: Box<dyn Any + Send>) -> Error {
    if payload.is::<GivenUp>() {
        resume_unwind(payload);
    }
    Error::panicked(&*payload)
}

fn finish<By, R: RowReturn<By>, T: Row>(
    batch: &mut Batch,
    fails: &mut Fails,
    acc: R::Acc,
    bad: Vec<Bad<T>>,
) -> Verdict {
    let gone: Vec<u32> = bad.iter().map(|bad| bad.index as u32).collect();
    for Bad { index, error, row } in bad {
        let here = (index < batch.len()).then(|| batch.rows().copy_one(index));
        fails.push(Fail {
            row: here.or_else(|| row.map(|row| Rows::typed(vec![row]))),
            index: index as u32,
            origin: batch.origin_of(index),
            held: error.is_none(),
            error: error.unwrap_or_else(Error::held),
        });
    }
    R::finish(acc, batch, &gone);
    Verdict::Go(Action::default())
}
