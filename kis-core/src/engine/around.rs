//! What surrounds the work of a flow's lanes: its counters, its clock, the signal to stop, and waiting.

use std::{sync::Arc, time::Duration};

use kis_conf::Unavailable;
use tokio::sync::watch;

use super::{fault::Fault, letters::LetterBook};
use crate::{error::Error, flow::FlowPlan, observe::FlowCounters};

/// The code of the fault of a flow that was told to stop while something waited.
pub(super) const STOPPED: &str = "kis::stopped";

/// The clock of a flow: milliseconds since 1970. Tests hand in their own.
pub(crate) type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The system's clock.
pub(crate) fn system_clock() -> Clock {
    Arc::new(|| u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0))
}

/// How a flow is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    /// It is not.
    No,
    /// Take no more rows, finish what was taken, cut, close.
    Drain,
    /// Stop where it stands; what is not cut is read again.
    Now,
}

/// What surrounds the work of a flow's lanes.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) counters: Arc<FlowCounters>,
    pub(crate) clock: Clock,
    pub(crate) stop: watch::Receiver<Stop>,
    pub(crate) letters: Arc<LetterBook>,
}

impl Surroundings {
    /// The time now in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        (self.clock)()
    }

    /// Waits for a retry.
    ///
    /// # Errors
    /// If the flow has to stop at once.
    pub(super) async fn sleep(&self, time: Duration) -> Result<(), Fault> {
        let mut stop = self.stop.clone();
        match tokio::time::timeout(time, stop.wait_for(|stop| *stop == Stop::Now)).await {
            Err(_) => Ok(()),
            Ok(_) => Err(Fault::new(STOPPED, "stopped while it waited for a retry")),
        }
    }

    /// A call found its connector unavailable. It spends no attempts and never ends in a dead letter: the next call
    /// waits at the breaker until the connector is there again.
    ///
    /// # Errors
    /// If the flow has to stop.
    pub(super) async fn wait_for_conn(&self, flow: &FlowPlan, at: usize, error: &Error) -> Result<(), Fault> {
        let step = &flow.steps[at];
        if step.on_error.unavailable == Unavailable::Stop {
            return Err(Fault::at(&step.name, error.code().to_owned(), error.message()));
        }
        // A drain does not wait for a system that is down: what waits for it is read again at the next start.
        if *self.stop.borrow() >= Stop::Drain {
            return Err(Fault::at(
                &step.name,
                STOPPED,
                "stopped while its connector was not available",
            ));
        }
        // A function that fails without a look at its connector must not keep a worker.
        tokio::task::yield_now().await;
        Ok(())
    }
}
