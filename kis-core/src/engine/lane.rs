//! A lane: the queue in which rows of one key wait in their order, and the work on it.
//!
//! A lane is not a thread and not a task of its own. Whoever sends mail to an idle lane starts a task that works
//! until the queue is empty and then puts the lane's state back.

use std::{fmt, future::poll_fn, sync::Arc, task::Poll, time::Instant};

use parking_lot::Mutex;
use tokio::{sync::mpsc, task::AbortHandle};
use tracing::Instrument;

use super::{
    chain::Chain,
    fault::Fault,
    inbox::{Inbox, Mail},
    parcel::Parcel,
    work::{AtWork, Work},
};
use crate::state::Frozen;

/// One lane of one stage of a running flow.
pub(super) struct Lane {
    inner: Mutex<Inner>,
    answers: mpsc::UnboundedSender<Answer>,
    work: Work,
}

struct Inner {
    inbox: Inbox<Parcel>,
    /// The chain while no task works on it.
    idle: Option<Box<Chain>>,
    /// Lanes of the next stage, and which of their inputs this lane is.
    next: Option<Exchange>,
    /// Wakes the idle lane when rows that were set aside are to be tried again.
    alarm: Option<AbortHandle>,
}

/// The way from a lane to the lanes of the next stage.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) lanes: Arc<[Arc<Lane>]>,
    pub(super) input: usize,
}

/// What a lane tells the flow.
pub(super) enum Answer {
    /// The lane met the marker of a cut; this is what changed in it since the last one.
    Frozen(Box<LaneFreeze>),
    /// The lane cannot go on; nothing behind this point is settled.
    Fault(Box<Fault>),
}

/// What changed in a lane between two markers.
pub(super) struct LaneFreeze {
    pub(super) cut: u64,
    /// Changed state by step, to be encoded beside the lanes.
    pub(super) state: Vec<(usize, Box<dyn Frozen>)>,
    pub(super) writes: kis_conn::store::LaneCut,
    /// Keys that the lane's states hold.
    pub(super) keys: u64,
    /// Rows that are parked in the lane.
    pub(super) parked: usize,
}

impl Lane {
    /// An idle lane with so many inputs.
    pub(super) fn new(
        chain: Chain,
        inputs: usize,
        answers: mpsc::UnboundedSender<Answer>,
        work: Work,
    ) -> Arc<Lane> {
        let inner = Inner {
            inbox: Inbox::new(inputs),
            idle: Some(Box::new(chain)),
            next: None,
            alarm: None,
        };
        Arc::new(Lane {
            inner: Mutex::new(inner),
            answers,
            work,
        })
    }

    /// Connects the lane to the lanes of the next stage.
    pub(super) fn connect(&self, next: Exchange) {
        self.inner.lock().next = Some(next);
    }

    /// Puts a parcel into the queue.
    pub(super) fn send(self: &Arc<Self>, input: usize, parcel: Parcel) {
        self.wake(|inbox| inbox.item(input, parcel));
    }

    /// Puts a marker into the queue, behind everything that `input` has sent.
    pub(super) fn mark(self: &Arc<Self>, input: usize, cut: u64) {
        self.wake(|inbox| inbox.marker(input, cut));
    }

    /// Lets the lane look for rows that it has to try again.
    pub(super) fn look(self: &Arc<Self>) {
        self.wake(|_| {});
    }

    fn wake(self: &Arc<Self>, put: impl FnOnce(&mut Inbox<Parcel>)) {
        let mut inner = self.inner.lock();
        put(&mut inner.inbox);
        if let Some(chain) = inner.idle.take()
            && let Some(at_work) = self.work.begin()
        {
            let next = inner.next.clone();
            drop(inner);
            tokio::spawn(Arc::clone(self).work(at_work, chain, next));
        }
    }

    /// Works until the queue is empty or the work is stopped.
    async fn work(self: Arc<Self>, at_work: AtWork, mut chain: Box<Chain>, next: Option<Exchange>) {
        let _guard = PanicGuard(&self.answers);
        // Where the work is stopped, the chain is dropped with what waits: all of it is read again at the next start.
        let mut tried = false;
        while !at_work.stopped() {
            let due = chain.due().is_some_and(|due| due <= Instant::now());
            let mail = if due && !tried {
                None
            } else {
                let mut inner = self.inner.lock();
                let mail = inner.inbox.pop();
                if mail.is_none() && !due {
                    self.rest(&mut inner, chain);
                    return;
                }
                mail
            };
            // Rows that are tried again and new ones take turns.
            tried = mail.is_none();
            let onward = match mail {
                None => chain.try_again().await,
                Some(Mail::Item(parcel)) => {
                    let span =
                        tracing::debug_span!("batch", flow = %chain.flow.name, rows = parcel.batch.len());
                    chain.work(parcel).instrument(span).await
                }
                Some(Mail::Marker(cut)) => {
                    let freeze = chain.freeze(cut);
                    if let Some(next) = &next {
                        for lane in next.lanes.iter() {
                            lane.mark(next.input, cut);
                        }
                    }
                    let _ = self.answers.send(Answer::Frozen(Box::new(freeze)));
                    Ok(Vec::new())
                }
            };
            match onward {
                Ok(onward) => {
                    if let Some(next) = &next {
                        for (lane, parcel) in onward {
                            next.lanes[lane].send(next.input, parcel);
                        }
                    }
                }
                Err(fault) => {
                    // The chain is dropped with what waits: the flow stops, and all of it is read again.
                    let _ = self.answers.send(Answer::Fault(Box::new(fault)));
                    return;
                }
            }
            // A lane with much work lets the others have their turn after each batch.
            give_way().await;
        }
    }
}

impl Lane {
    /// Puts the chain back; the lane wakes when rows that were set aside are to be tried again.
    fn rest(self: &Arc<Self>, inner: &mut Inner, chain: Box<Chain>) {
        if let Some(alarm) = inner.alarm.take() {
            alarm.abort();
        }
        if let Some(at) = chain.due() {
            let lane = Arc::downgrade(self);
            let alarm = tokio::spawn(async move {
                tokio::time::sleep_until(at.into()).await;
                if let Some(lane) = lane.upgrade() {
                    lane.look();
                }
            });
            inner.alarm = Some(alarm.abort_handle());
        }
        inner.idle = Some(chain);
    }
}

/// Lets other tasks have their turn, and leaves this one where a free worker finds it: `tokio::task::yield_now` keeps
/// it with the worker that it ran on.
pub(super) async fn give_way() {
    let mut gave_way = false;
    poll_fn(|cx| {
        if gave_way {
            return Poll::Ready(());
        }
        gave_way = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Tells the flow when the work on a lane panics outside of user code, so that the flow stops instead of hanging.
struct PanicGuard<'a>(&'a mpsc::UnboundedSender<Answer>);

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self
                .0
                .send(Answer::Fault(Box::new(Fault::bug("the work on a lane panicked"))));
        }
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner.lock();
        f.debug_struct("Lane")
            .field("waiting", &inner.inbox.len())
            .field("idle", &inner.idle.is_some())
            .finish_non_exhaustive()
    }
}
