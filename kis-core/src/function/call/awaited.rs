//! Pieces from which the expansion builds its loop over rows that are awaited.
//!
//! The loop itself stands in the expansion: an async closure over borrowed arguments cannot be proved `Send`.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use super::{
    keyed::{Lent, lend},
    keys::StateOf,
    wrong_state,
};
use crate::{
    error::Error,
    function::{
        Action, BatchFn, ByRef, Function, Hold, Job, Place, RowFn, RowReturn, StateFn, Verdict, hold::Behind,
    },
    row::{Fail, Origin, Rows},
    state::State,
};

/// Awaits `call`; a panic becomes an error.
pub async fn caught<T>(call: impl Future<Output = T>) -> Result<T, Error> {
    let mut call = pin!(call);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(Error::panicked(&*payload))),
        },
    )
    .await
}

/// The rows, borrowed.
pub fn view<'a, F: Function>(job: &'a mut Job<'_>) -> &'a [F::In] {
    job.batch.view::<F::In>(job.fails)
}

/// The rows, borrowed, and how they keep their order.
pub fn view_rows<'a, 'b, F: Function>(job: &'a mut Job<'b>) -> (&'a [F::In], InOrder<'b>) {
    let (rows, origin) = job.batch.view_and_origin::<F::In>(job.fails);
    (rows, InOrder::new(job.hold, job.place, origin))
}

/// How the rows of a call keep their order.
#[derive(Debug)]
pub struct InOrder<'a> {
    behind: Behind<'a, Origin>,
    place: Option<&'a Place>,
}

impl<'a> InOrder<'a> {
    fn new(hold: Option<Hold<'a>>, place: Option<&'a Place>, origin: &Origin) -> InOrder<'a> {
        let origin = hold.map_or(Origin::Same, |_| origin.clone());
        InOrder {
            behind: Behind::new(hold, origin),
            place,
        }
    }
}

/// The rows, whatever their type.
pub fn view_any<'a>(job: &'a Job<'_>) -> &'a Rows {
    job.batch.rows()
}

/// The rows and their state, or how the call ends without them.
type Seen<'a, T, S> = Result<(&'a [T], S), Verdict>;

/// The rows, borrowed, with the state of each and how they keep their order.
pub fn view_state<'a, 'b, F: StateFn>(
    job: &'a mut Job<'b>,
) -> Seen<'a, F::In, (RowState<'a, F::State>, InOrder<'b>)> {
    let (rows, origin) = job.batch.view_and_origin::<F::In>(job.fails);
    let order = InOrder::new(job.hold, job.place, origin);
    match StateOf::new(job.state.as_mut(), origin) {
        Some(state) => Ok((rows, (RowState { state, before: None }, order))),
        None => Err(wrong_state::<F::State>(job.cx)),
    }
}

/// The rows, borrowed, and their state by key.
pub fn view_keyed<'a, F: BatchFn<ByRef> + StateFn>(
    job: &'a mut Job<'_>,
) -> Seen<'a, F::In, Lent<'a, F::State>> {
    let (rows, origin) = job.batch.view_and_origin::<F::In>(job.fails);
    match lend(job.state.as_mut(), rows, origin) {
        Some(lent) => Ok((rows, lent)),
        None => Err(wrong_state::<F::State>(job.cx)),
    }
}

/// The state of each row while rows are awaited one by one.
///
/// What rows touched stays open until the last one, so that a call that is given up can be put back as a whole; one
/// row's failure is put back from a copy, and so is what the row did in whose call it was given up.
#[derive(Debug)]
pub struct RowState<'a, S: State> {
    state: StateOf<'a, S>,
    /// The row in the call, and what its state was if it had one.
    before: Option<(usize, Option<S>)>,
}

impl<S: State> RowState<'_, S> {
    /// The state of row `i`.
    pub fn of(&mut self, i: usize) -> &mut S {
        let before = self.state.get(i).cloned();
        self.before = Some((i, before));
        self.state.touch(i)
    }

    /// Puts back what the row that failed touched.
    pub fn put_back(&mut self) {
        match self.before.take() {
            Some((i, Some(before))) => *self.state.touch(i) = before,
            Some((i, None)) => self.state.remove(i),
            None => {}
        }
    }

    /// Accepts everything.
    pub fn keep(mut self) {
        self.before = None;
        self.state.keep();
    }
}

impl<S: State> Drop for RowState<'_, S> {
    fn drop(&mut self) {
        self.put_back();
    }
}

/// Collects the results of rows that are awaited.
pub struct RowRun<'a, F: RowFn<By>, By> {
    acc: <F::Ret as RowReturn<By>>::Acc,
    bad: Vec<(usize, Option<Error>)>,
    order: InOrder<'a>,
}

impl<'a, F: RowFn<By>, By> RowRun<'a, F, By> {
    /// A run over `rows` rows.
    pub fn new(rows: usize, order: InOrder<'a>) -> Self {
        if let Some(place) = order.place {
            place.set(0);
        }
        RowRun {
            acc: <F::Ret as RowReturn<By>>::start(rows),
            bad: Vec::new(),
            order,
        }
    }

    /// Whether row `i` is not to be called: it waits behind a row that failed.
    pub fn holds(&mut self, i: usize) -> bool {
        let holds = self.order.behind.holds(i);
        if holds {
            <F::Ret as RowReturn<By>>::settle_none(&mut self.acc);
            self.bad.push((i, None));
            if let Some(place) = self.order.place {
                place.held(i);
                place.set(i + 1);
            }
        }
        holds
    }

    /// Notes the result of row `i`, in the order of the rows. Whether the row was handled.
    pub fn put(&mut self, i: usize, result: Result<F::Ret, Error>) -> bool {
        if let Some(place) = self.order.place {
            place.set(i + 1);
        }
        // Calls that overlap may have begun before a row of their key failed; they are made again behind it.
        if self.holds(i) {
            return false;
        }
        let error = match result {
            Ok(result) => match result.settle_one(&mut self.acc, i) {
                Ok(()) => return true,
                Err(error) => error,
            },
            Err(error) => {
                <F::Ret as RowReturn<By>>::settle_none(&mut self.acc);
                error
            }
        };
        self.order.behind.failed(i, &error);
        if let Some(place) = self.order.place {
            place.failed(i, &error);
        }
        self.bad.push((i, Some(error)));
        false
    }

    /// Makes the results the batch.
    pub fn finish(self, job: &mut Job<'_>) -> Verdict {
        let gone: Vec<u32> = self.bad.iter().map(|(i, _)| *i as u32).collect();
        for (i, error) in self.bad {
            let held = error.is_none();
            let fail = job.batch.fail(i, error.unwrap_or_else(Error::held));
            job.fails.push(Fail { held, ..fail });
        }
        <F::Ret as RowReturn<By>>::finish(self.acc, job.batch, &gone);
        Verdict::Go(Action::default())
    }
}

/// Calls in flight: at most so many at once, their results in the order in which they were started.
pub struct Window<Fut: Future> {
    slots: VecDeque<Slot<Fut>>,
    most: usize,
}

enum Slot<Fut: Future> {
    Waits(usize, Pin<Box<Fut>>),
    Done(usize, Fut::Output),
}

impl<Fut: Future> Window<Fut> {
    /// A window for `most` calls at once.
    pub fn new(most: usize) -> Window<Fut> {
        Window {
            slots: VecDeque::with_capacity(most),
            most,
        }
    }

    /// Adds the call of row `i`, after waiting until there is room; gives the results that are ready in order.
    pub async fn start(&mut self, i: usize, call: Fut, mut put: impl FnMut(usize, Fut::Output)) {
        while self.slots.len() >= self.most {
            let (i, result) = self.next().await;
            put(i, result);
        }
        self.slots.push_back(Slot::Waits(i, Box::pin(call)));
    }

    /// Waits for all calls that are left.
    pub async fn finish(mut self, mut put: impl FnMut(usize, Fut::Output)) {
        while !self.slots.is_empty() {
            let (i, result) = self.next().await;
            put(i, result);
        }
    }

    /// Polls all calls until the oldest is done.
    async fn next(&mut self) -> (usize, Fut::Output) {
        poll_fn(|cx| {
            self.slots.iter_mut().for_each(|slot| slot.poll(cx));
            match self.slots.pop_front() {
                Some(Slot::Done(i, result)) => Poll::Ready((i, result)),
                Some(waits) => {
                    self.slots.push_front(waits);
                    Poll::Pending
                }
                None => Poll::Pending,
            }
        })
        .await
    }
}

impl<Fut: Future> Slot<Fut> {
    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Slot::Waits(i, call) = self
            && let Poll::Ready(result) = call.as_mut().poll(cx)
        {
            *self = Slot::Done(*i, result);
        }
    }
}

impl<F: RowFn<By>, By> std::fmt::Debug for RowRun<'_, F, By> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowRun")
            .field("bad", &self.bad)
            .finish_non_exhaustive()
    }
}

impl<Fut: Future> std::fmt::Debug for Window<Fut> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Window({} of {})", self.slots.len(), self.most)
    }
}
