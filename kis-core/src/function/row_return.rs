//! What a function that takes one row may return, and how the results of a batch become the next batch.

use super::{
    HandsOn,
    results::{Once, Results, UntilError, Walk},
};
use crate::{
    error::Error,
    row::{Batch, HasInfo, Origin, Row},
};

/// Marks functions that borrow their rows.
#[derive(Debug)]
pub enum ByRef {}

/// Marks functions that take their rows.
#[derive(Debug)]
pub enum ByVal {}

/// Told of each row that fails: its index and why. Whether the rest of the rows has to be looked at one by one, since
/// some wait behind this one.
pub(crate) type FailFn<'a> = &'a mut dyn FnMut(usize, Error) -> bool;

/// A result that a function may return for one row.
#[diagnostic::on_unimplemented(
    message = "a function that takes one row cannot return `{Self}`",
    label = "not a result for one row",
    note = "it may return `()`, `T`, `Option<T>`, `Vec<T>` where `T` is a row, or a `Result` of these",
    note = "the error of a `Result` is `kis_core::Error` or any type that implements `std::error::Error`",
    note = "it may also return `bool` (a filter) if it borrows its row, `&T`"
)]
pub trait RowReturn<By>: Sized {
    /// What is collected over the rows of a batch.
    #[doc(hidden)]
    type Acc: Send;
    /// What the function hands on.
    const ON: HandsOn;
    /// Whether it can fail other than by a panic.
    const CAN_FAIL: bool = false;
    /// Whether it says of each row whether the row goes on.
    const FILTERS: bool = false;

    #[doc(hidden)]
    fn start(rows: usize) -> Self::Acc;

    /// Collects `results`. A failed row is told to `fail`, and the rest goes on unless it says not to.
    #[doc(hidden)]
    fn settle(acc: &mut Self::Acc, results: &mut impl Results<Item = Self>, fail: FailFn<'_>);

    /// Calls `f` for the rest of `rows` and collects the results.
    #[doc(hidden)]
    #[inline]
    fn settle_all<I, F>(acc: &mut Self::Acc, rows: &mut Walk<I>, f: &mut F, fail: FailFn<'_>)
    where
        I: ExactSizeIterator,
        F: FnMut(I::Item) -> Self,
    {
        Self::settle(acc, &mut rows.calls(f), fail);
    }

    /// Collects the result of row `i` alone; the error, if it is one.
    #[doc(hidden)]
    fn settle_one(self, acc: &mut Self::Acc, i: usize) -> Result<(), Error> {
        let mut failed = None;
        Self::settle(acc, &mut Once::new(i, self), &mut |_, error| {
            failed = Some(error);
            false
        });
        failed.map_or(Ok(()), Err)
    }

    /// Notes that one row has no result.
    #[doc(hidden)]
    fn settle_none(acc: &mut Self::Acc);

    /// Makes what was collected the rows of the batch. `bad` are the rows that failed, in order.
    #[doc(hidden)]
    fn finish(acc: Self::Acc, batch: &mut Batch, bad: &[u32]);
}

/// A filter.
impl RowReturn<ByRef> for bool {
    type Acc = Vec<bool>;
    const ON: HandsOn = HandsOn::WhatCameIn;
    const FILTERS: bool = true;

    fn start(rows: usize) -> Vec<bool> {
        Vec::with_capacity(rows)
    }

    #[inline]
    fn settle(keep: &mut Vec<bool>, results: &mut impl Results<Item = bool>, _: FailFn<'_>) {
        keep.extend(results);
    }

    #[inline]
    fn settle_all<I, F>(keep: &mut Vec<bool>, rows: &mut Walk<I>, f: &mut F, _: FailFn<'_>)
    where
        I: ExactSizeIterator,
        F: FnMut(I::Item) -> bool,
    {
        keep.extend(rows.rows.by_ref().map(f));
    }

    fn settle_none(keep: &mut Vec<bool>) {
        keep.push(false);
    }

    fn finish(keep: Vec<bool>, batch: &mut Batch, _: &[u32]) {
        batch.retain(&keep);
    }
}

/// Looks at the row; the row goes on.
impl RowReturn<ByRef> for () {
    type Acc = ();
    const ON: HandsOn = HandsOn::WhatCameIn;

    fn start(_: usize) {}

    #[inline]
    fn settle((): &mut (), results: &mut impl Results<Item = ()>, _: FailFn<'_>) {
        results.for_each(drop);
    }

    fn settle_none((): &mut ()) {}

    fn finish((): (), batch: &mut Batch, bad: &[u32]) {
        batch.remove(bad);
    }
}

/// Uses the row up.
impl RowReturn<ByVal> for () {
    type Acc = ();
    const ON: HandsOn = HandsOn::Nothing;

    fn start(_: usize) {}

    #[inline]
    fn settle((): &mut (), results: &mut impl Results<Item = ()>, _: FailFn<'_>) {
        results.for_each(drop);
    }

    fn settle_none((): &mut ()) {}

    fn finish((): (), batch: &mut Batch, _: &[u32]) {
        batch.clear();
    }
}

/// A map: one row for each.
#[diagnostic::do_not_recommend]
impl<By, T: Row> RowReturn<By> for T {
    type Acc = Vec<T>;
    const ON: HandsOn = HandsOn::Rows(T::ROW);

    fn start(rows: usize) -> Vec<T> {
        Vec::with_capacity(rows)
    }

    #[inline]
    fn settle(out: &mut Vec<T>, results: &mut impl Results<Item = T>, _: FailFn<'_>) {
        out.extend(results);
    }

    #[inline]
    fn settle_all<I, F>(out: &mut Vec<T>, rows: &mut Walk<I>, f: &mut F, _: FailFn<'_>)
    where
        I: ExactSizeIterator,
        F: FnMut(I::Item) -> T,
    {
        // An iterator whose length is trusted: no check per row.
        out.extend(rows.rows.by_ref().map(f));
    }

    fn settle_none(_: &mut Vec<T>) {}

    fn finish(out: Vec<T>, batch: &mut Batch, bad: &[u32]) {
        let origin = if bad.is_empty() {
            Origin::Same
        } else {
            Origin::Each(all_but(out.len() + bad.len(), bad))
        };
        batch.replace(out, origin);
    }
}

/// Rows, and from which row each came.
#[derive(Debug)]
#[doc(hidden)]
pub struct Traced<T> {
    out: Vec<T>,
    /// How many rows were given.
    given: usize,
    /// Nothing while row `i` came from row `i`.
    from: Vec<u32>,
}

impl<T: Row> Traced<T> {
    fn with_capacity(rows: usize) -> Traced<T> {
        Traced {
            out: Vec::with_capacity(rows),
            given: rows,
            from: Vec::new(),
        }
    }

    /// Adds a row that came from row `from`.
    #[inline]
    fn push(&mut self, row: T, from: usize) {
        if from != self.out.len() || !self.from.is_empty() {
            self.trace(from, 1);
        }
        self.out.push(row);
    }

    /// Notes from which row the next `rows` come, and from which all before them came.
    fn trace(&mut self, from: usize, rows: usize) {
        if self.from.is_empty() {
            self.from.reserve(self.given);
            self.from.extend(0..self.out.len() as u32);
        }
        self.from.extend(std::iter::repeat_n(from as u32, rows));
    }

    fn finish(self, batch: &mut Batch) {
        let origin = match self.from {
            from if !from.is_empty() => Origin::Each(from),
            _ if self.out.len() == self.given => Origin::Same,
            _ => Origin::Each((0..self.out.len() as u32).collect()),
        };
        batch.replace(self.out, origin);
    }
}

/// A map that may leave rows out.
#[diagnostic::do_not_recommend]
impl<By, T: Row> RowReturn<By> for Option<T> {
    type Acc = Traced<T>;
    const ON: HandsOn = HandsOn::Rows(T::ROW);

    fn start(rows: usize) -> Traced<T> {
        Traced::with_capacity(rows)
    }

    #[inline]
    fn settle(acc: &mut Traced<T>, results: &mut impl Results<Item = Option<T>>, _: FailFn<'_>) {
        while let Some(result) = results.next() {
            if let Some(row) = result {
                acc.push(row, results.row());
            }
        }
    }

    fn settle_none(_: &mut Traced<T>) {}

    fn finish(acc: Traced<T>, batch: &mut Batch, _: &[u32]) {
        acc.finish(batch);
    }
}

/// A map to any number of rows.
#[diagnostic::do_not_recommend]
impl<By, T: Row> RowReturn<By> for Vec<T> {
    type Acc = Traced<T>;
    const ON: HandsOn = HandsOn::Rows(T::ROW);

    fn start(rows: usize) -> Traced<T> {
        Traced::with_capacity(rows)
    }

    #[inline]
    fn settle(acc: &mut Traced<T>, results: &mut impl Results<Item = Vec<T>>, _: FailFn<'_>) {
        while let Some(rows) = results.next() {
            let from = results.row();
            if rows.len() != 1 || from != acc.out.len() || !acc.from.is_empty() {
                acc.trace(from, rows.len());
            }
            acc.out.extend(rows);
        }
    }

    fn settle_none(_: &mut Traced<T>) {}

    fn finish(acc: Traced<T>, batch: &mut Batch, _: &[u32]) {
        acc.finish(batch);
    }
}

/// A call that can fail.
#[diagnostic::do_not_recommend]
impl<By, R: RowReturn<By>, E: Into<Error>> RowReturn<By> for Result<R, E> {
    type Acc = R::Acc;
    const ON: HandsOn = R::ON;
    const CAN_FAIL: bool = true;
    const FILTERS: bool = R::FILTERS;

    fn start(rows: usize) -> R::Acc {
        R::start(rows)
    }

    #[inline]
    fn settle(acc: &mut R::Acc, results: &mut impl Results<Item = Result<R, E>>, fail: FailFn<'_>) {
        loop {
            let mut error = None;
            R::settle(acc, &mut UntilError::new(results, &mut error), fail);
            let Some(error) = error else { return };
            R::settle_none(acc);
            if fail(results.row(), error.into()) {
                return;
            }
        }
    }

    fn settle_none(acc: &mut R::Acc) {
        R::settle_none(acc);
    }

    fn finish(acc: R::Acc, batch: &mut Batch, bad: &[u32]) {
        R::finish(acc, batch, bad);
    }
}

/// The indices below `rows` that are not in `bad`, which ascends.
fn all_but(rows: usize, bad: &[u32]) -> Vec<u32> {
    let mut bad = bad.iter().copied().peekable();
    (0..rows as u32).filter(|i| bad.next_if_eq(i).is_none()).collect()
}
