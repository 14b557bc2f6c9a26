//! A gate before which everybody waits while it is shut, but one at a time, who tries whether it may open.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Acquire, Ordering::Release},
    },
    time::Duration,
};

use tokio::sync::{Mutex, OwnedMutexGuard, watch};

/// A gate that is open until somebody shuts it.
#[derive(Debug)]
pub(super) struct Gate {
    /// The same as `waiters` hear, for a look that costs next to nothing.
    shut: AtomicBool,
    waiters: watch::Sender<bool>,
    /// Held by the one who tries.
    trying: Arc<Mutex<Backoff>>,
}

/// The right to try: no other has it until this is dropped.
#[derive(Debug)]
pub(super) struct Turn(OwnedMutexGuard<Backoff>);

/// How long to wait before the next try.
#[derive(Debug)]
struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Gate {
    /// A gate at which tries are `first` apart in the beginning, then twice as far each time, `most` at the most.
    pub(super) fn new(first: Duration, most: Duration) -> Gate {
        let next = first;
        Gate {
            shut: AtomicBool::new(false),
            waiters: watch::Sender::new(false),
            trying: Arc::new(Mutex::new(Backoff { first, most, next })),
        }
    }

    /// Whether somebody who comes now has to wait.
    pub(super) fn is_shut(&self) -> bool {
        self.shut.load(Acquire)
    }

    /// Shuts the gate. Says whether it was open.
    pub(super) fn shut(&self) -> bool {
        let mut was_open = false;
        self.set(true, || was_open = !self.is_shut());
        was_open
    }

    /// Shuts or opens the gate and does what belongs to it in one go: who comes between the two would leave the one
    /// shut and the other open.
    pub(super) fn set(&self, shut: bool, and: impl FnOnce()) {
        self.waiters.send_modify(|waiters| {
            and();
            *waiters = shut;
            self.shut.store(shut, Release);
        });
    }

    /// Waits until the gate is open, or until it is the caller's turn to try.
    pub(super) async fn pass(&self) -> Option<Turn> {
        let mut waiters = self.waiters.subscribe();
        tokio::select! {
            biased;
            _ = waiters.wait_for(|shut| !*shut) => None,
            turn = Arc::clone(&self.trying).lock_owned() => self.is_shut().then_some(Turn(turn)),
        }
    }

    /// Waits until the gate is open.
    pub(super) async fn opened(&self) {
        // The sender is here, so the channel cannot be closed.
        let _ = self.waiters.subscribe().wait_for(|shut| !*shut).await;
    }

    /// The try of this turn worked: everybody goes on.
    pub(super) fn open(&self, turn: Turn) {
        self.open_and(turn, || ());
    }

    /// The same, and does what belongs to it in one go.
    pub(super) fn open_and(&self, mut turn: Turn, and: impl FnOnce()) {
        turn.0.next = turn.0.first;
        self.set(false, and);
    }

    /// Everybody goes on for a try; if it fails and the gate is shut again, the next one is later.
    pub(super) fn half_open(&self, _: Turn) {
        self.set(false, || ());
    }
}

impl Turn {
    /// Waits until it is time for a try.
    pub(super) async fn wait(&mut self) {
        let wait = self.0.next;
        self.0.next = (wait * 2).min(self.0.most);
        tokio::time::sleep(jittered(wait)).await;
    }
}

/// Between half of the time and all of it, so that many who wait for one thing do not come at one moment.
pub(super) fn jittered(wait: Duration) -> Duration {
    // The standard library's hash keys are as random as this needs.
    let random = RandomState::new().hash_one(wait) % 1_024;
    wait / 2 + wait * (random as u32) / 2_048
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use tokio::time::{Instant, advance};

    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const MOST: Duration = Duration::from_secs(10);

    /// Ten come to a shut gate; the try of number `works` is the first that works.
    async fn ten_come(works: u32) -> (u32, Duration) {
        let gate = Arc::new(Gate::new(FIRST, MOST));
        assert!(gate.shut() && !gate.shut());
        let (tries, start) = (Arc::new(AtomicU32::new(0)), Instant::now());
        let all: Vec<_> = (0..10)
            .map(|_| {
                let (gate, tries) = (Arc::clone(&gate), Arc::clone(&tries));
                tokio::spawn(async move {
                    while let Some(mut turn) = gate.pass().await {
                        turn.wait().await;
                        if tries.fetch_add(1, SeqCst) + 1 == works {
                            gate.open(turn);
                        }
                    }
                })
            })
            .collect();
        for one in all {
            one.await.unwrap();
        }
        assert!(!gate.is_shut());
        (tries.load(SeqCst), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn one_tries_and_all_go_on() {
        for works in [1, 3, 8] {
            let (tries, took) = ten_come(works).await;
            assert_eq!(tries, works);
            let most = (0..works)
                .map(|n| (FIRST * 2_u32.pow(n)).min(MOST))
                .sum::<Duration>();
            let slack = Duration::from_millis(u64::from(works));
            assert!(
                took >= most / 2 && took <= most + slack,
                "{works}: {took:?} of {most:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_its_turn_is_followed_by_another() {
        let gate = Arc::new(Gate::new(FIRST, MOST));
        gate.shut();
        let first = gate.pass().await.unwrap();
        let second = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.pass().await.is_some() }
        });
        advance(MOST).await;
        assert!(!second.is_finished(), "two may not try at a time");
        drop(first);
        assert!(second.await.unwrap());
    }
}
