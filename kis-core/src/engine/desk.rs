//! The desk of an engine: what can be done to running flows from outside. A flow does not end while letters that were
//! sent in are on their way.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Weak},
};

use kis_conn::store::{LetterId, Store};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{
    fault::Fault,
    flow::FlowRun,
    redrive::{Fed, Redrive, Redriven, disorder, feed},
};

/// The running flows of an engine, for those who work on them from outside. Clones are the same one.
#[derive(Clone)]
pub struct Desk {
    store: Store,
    flows: Arc<Mutex<HashMap<Arc<str>, Weak<FlowRun>>>>,
}

impl Desk {
    pub(super) fn new(store: Store) -> Desk {
        Desk {
            store,
            flows: Arc::default(),
        }
    }

    /// A flow takes rows from now on.
    pub(super) fn open(&self, flow: &Arc<FlowRun>) {
        let name = Arc::clone(&flow.plan.name);
        self.flows.lock().insert(name, Arc::downgrade(flow));
    }

    /// The store of the flows.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Whether the flow is running.
    pub fn is_running(&self, flow: &str) -> bool {
        self.flow(flow).is_some()
    }

    /// Sends dead letters of a running flow in again, and waits until they are settled or `cancelled` is ready; what is
    /// on its way then is still settled.
    ///
    /// # Errors
    /// The flow is not running, is ordered by a key, or has a redrive at work; the store cannot be read.
    pub async fn redrive(
        &self,
        flow: &str,
        redrive: &Redrive,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Redriven, Fault> {
        let running = self.flow(flow).ok_or_else(|| not_running(flow))?;
        let guest = running.guests.enter(flow)?;
        let before = running.around.counters.failed_again.get();
        let Fed { mut done, cut } = self.feed(&running, redrive, cancelled).await?;
        done.unsettled = done.sent > 0 && !running.guests.settled(cut).await;
        done.again = running.around.counters.failed_again.get() - before;
        drop(guest);
        Ok(done)
    }

    /// The same for a flow that ends when this is done: what it settles is known when it has ended.
    pub(super) async fn redrive_and_end(&self, flow: &str, redrive: &Redrive) -> Result<Redriven, Fault> {
        let running = self.flow(flow).ok_or_else(|| not_running(flow))?;
        let _guest = running.guests.enter(flow)?;
        let fed = self.feed(&running, redrive, std::future::pending()).await?;
        Ok(fed.done)
    }

    /// Removes dead letters of a flow, running or not. Says how many there were.
    ///
    /// # Errors
    /// What the store says.
    pub fn purge(&self, flow: &str, letters: &[LetterId]) -> Result<u64, Fault> {
        let removed = self.store.remove_letters(flow, letters);
        let removed = removed.map_err(|error| Fault::new("store", error))?;
        if let Some(running) = self.flow(flow) {
            let around = &running.around;
            around.letters.purged(letters, &self.store, &around.counters);
        }
        Ok(removed)
    }

    async fn feed(
        &self,
        running: &FlowRun,
        redrive: &Redrive,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Fed, Fault> {
        if !redrive.out_of_order
            && let Some(why) = disorder(&running.plan)
        {
            return Err(Fault::new("order", why));
        }
        feed(running, &self.store, redrive, cancelled).await
    }

    fn flow(&self, name: &str) -> Option<Arc<FlowRun>> {
        let running = self.flows.lock().get(name)?.upgrade()?;
        (!running.guests.is_closed()).then_some(running)
    }
}

fn not_running(flow: &str) -> Fault {
    Fault::new("not_running", format_args!("flow {flow} is not running"))
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let flows = self.flows.lock();
        f.debug_tuple("Desk").field(&flows.keys()).finish()
    }
}

/// Who sends rows into a flow from outside, and how far cuts have settled them.
#[derive(Debug, Default)]
pub(super) struct Guests(watch::Sender<State>);

#[derive(Debug, Default)]
struct State {
    /// Somebody is at work.
    inside: bool,
    /// Nobody may come any more.
    closed: bool,
    /// The last cut that is durable.
    durable: u64,
}

/// The flow stays open while this is held.
pub(super) struct Guest<'a>(&'a Guests);

impl Guests {
    /// Comes in, if nobody is there: two redrives at a time would send the same letters.
    fn enter(&self, flow: &str) -> Result<Guest<'_>, Fault> {
        let came = self.0.send_if_modified(|state| {
            let may = !state.inside && !state.closed;
            state.inside |= may;
            may
        });
        match came {
            true => Ok(Guest(self)),
            false if self.is_closed() => Err(not_running(flow)),
            false => Err(Fault::new(
                "busy",
                format_args!("a redrive of flow {flow} is at work already"),
            )),
        }
    }

    /// A cut is durable.
    pub(super) fn durable(&self, cut: u64) {
        self.0.send_modify(|state| state.durable = cut);
    }

    /// Waits until nobody is inside, and lets nobody in any more.
    pub(super) async fn close_behind_the_last(&self) {
        let mut state = self.0.subscribe();
        loop {
            // The sender is here, so the channel cannot be closed.
            let _ = state.wait_for(|state| !state.inside).await;
            let closed = self.0.send_if_modified(|state| {
                state.closed |= !state.inside;
                state.closed
            });
            if closed {
                return;
            }
        }
    }

    /// The flow is over.
    pub(super) fn close(&self) {
        self.0.send_modify(|state| state.closed = true);
    }

    fn is_closed(&self) -> bool {
        self.0.borrow().closed
    }

    /// Waits until this cut is durable. Says no if it will not be any more.
    async fn settled(&self, cut: u64) -> bool {
        let mut state = self.0.subscribe();
        let known = state.wait_for(|state| state.durable >= cut || state.closed).await;
        known.is_ok_and(|state| state.durable >= cut)
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.inside = false);
    }
}
