//! Whether the lanes of a flow may work, and how many do, so that nothing is closed under a lane that writes.

use tokio::sync::watch;

/// The leave of a flow's lanes to work. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Work(watch::Sender<State>);

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    lanes: usize,
}

/// A lane is at work while it holds this.
#[derive(Debug)]
pub(super) struct AtWork(Work);

impl Work {
    /// A lane begins. Nothing, if no lane may work any more.
    pub(super) fn begin(&self) -> Option<AtWork> {
        let begun = self.0.send_if_modified(|state| {
            state.lanes += usize::from(!state.stopped);
            !state.stopped
        });
        begun.then(|| AtWork(self.clone()))
    }

    /// Lanes that are at work finish the batch they have in hand, and no lane begins another one.
    pub(super) fn stop(&self) {
        self.0.send_modify(|state| state.stopped = true);
    }

    /// Waits until no lane is at work.
    pub(super) async fn idle(&self) {
        // The sender is here, so the channel cannot be closed.
        let _ = self.0.subscribe().wait_for(|state| state.lanes == 0).await;
    }
}

impl AtWork {
    /// Whether the lane has to leave its queue as it is.
    pub(super) fn stopped(&self) -> bool {
        self.0.0.borrow().stopped
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.lanes -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    #[test]
    fn who_stops_the_work_can_wait_for_those_who_are_at_it() {
        let work = Work::default();
        let lane = work.begin().unwrap();
        assert!(!lane.stopped());
        work.stop();
        assert!(lane.stopped());
        assert!(work.begin().is_none(), "nobody begins any more");
        let mut idle = pin!(work.idle());
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(idle.as_mut().poll(&mut cx), Poll::Pending);
        drop(lane);
        assert_eq!(idle.as_mut().poll(&mut cx), Poll::Ready(()));
    }
}
