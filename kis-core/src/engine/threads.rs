//! Threads of blocking calls that took too long and were given up: they cannot be ended, so there may only be a few.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU8, Ordering::AcqRel},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::{
    around::Stop,
    breaker::{Stopped, asked},
};

/// How many calls may be given up and still hold a thread of the process.
const MOST: usize = 8;

/// How many threads are held so. The number is the process's, as its threads are.
static HELD: LazyLock<watch::Sender<usize>> = LazyLock::new(watch::Sender::default);

const AT_WORK: u8 = 0;
const DONE: u8 = 1;
const GIVEN_UP: u8 = 2;

/// One blocking call, as its thread and the one who waits for it see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocking(Arc<AtomicU8>);

impl Blocking {
    /// The thread is done.
    pub(super) fn done(&self) {
        if self.0.swap(DONE, AcqRel) == GIVEN_UP {
            HELD.send_modify(|held| *held -= 1);
        }
    }

    /// Nobody waits any more.
    pub(super) fn give_up(&self) {
        HELD.send_modify(|held| {
            // A thread that ends at this moment has not been counted, and is not.
            if self.0.swap(GIVEN_UP, AcqRel) == AT_WORK {
                *held += 1;
            }
        });
    }
}

/// Whether so many threads are held that no other call may risk one.
pub(super) fn are_many() -> bool {
    *HELD.borrow() >= MOST
}

/// Waits until a thread that was given up has come back.
///
/// # Errors
/// If the flow is asked to stop first.
pub(super) async fn room(stop: &watch::Receiver<Stop>) -> Result<(), Stopped> {
    let (mut stop, mut held) = (stop.clone(), HELD.subscribe());
    tokio::select! {
        biased;
        () = asked(&mut stop, Stop::Drain) => Err(Stopped),
        // The sender is never dropped.
        _ = held.wait_for(|held| *held < MOST) => Ok(()),
    }
}

/// The code of a call that was not made, since it would have had to wait for a thread.
pub(super) const CODE: &str = crate::error::code::NO_THREAD;

/// Why blocking calls wait, for people, and what comes of it after `exit`.
pub(super) fn why(exit: Option<Duration>) -> String {
    let ends = exit.map_or_else(String::new, |exit| {
        format!(", and after limits.hang_exit ({exit:?}) the process ends")
    });
    format!(
        "{MOST} blocking calls took longer than step_timeout, were given up and still hold their threads; \
         blocking steps cannot go on until one returns{ends}; raise limits.step_timeout, or mend what the calls wait \
         for and restart"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The only test that gives calls up, since all of a process share the number.
    #[tokio::test]
    async fn a_call_more_waits_until_a_thread_comes_back() {
        let (asks, stop) = watch::channel(Stop::No);
        let calls: Vec<Blocking> = (0..MOST).map(|_| Blocking::default()).collect();
        let early = Blocking::default();
        early.done();
        early.give_up();
        for call in &calls {
            assert!(!are_many());
            call.give_up();
        }
        assert!(
            are_many(),
            "one that was done when it was given up holds no thread"
        );
        let waits = tokio::spawn({
            let stop = stop.clone();
            async move { room(&stop).await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        calls[3].done();
        assert!(waits.await.unwrap());
        Blocking::give_up(&Blocking::default());
        assert!(are_many());
        asks.send_replace(Stop::Drain);
        assert!(room(&stop).await.is_err());
        HELD.send_replace(0);
    }
}
