//! How many rows of a flow are parked, over all its lanes, and how many may be.

use std::sync::{
    Arc,
    atomic::{
        AtomicBool, AtomicU64,
        Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
};

use kis_conf::Overflow;
use tokio::sync::Notify;

use crate::observe::FlowCounters;

/// The parked rows of a flow: rows that wait for a retry, and those that wait behind them.
#[derive(Debug)]
pub(super) struct Parked {
    limit: kis_conf::Parked,
    counters: Arc<FlowCounters>,
    rows: AtomicU64,
    bytes: AtomicU64,
    /// The number of the next row that is parked. Lower numbers of one key and step go first.
    seq: AtomicU64,
    changed: AtomicBool,
    none: Notify,
}

impl Parked {
    /// No rows yet; the first one gets the number `seq`.
    pub(super) fn new(limit: kis_conf::Parked, counters: Arc<FlowCounters>, seq: u64) -> Arc<Parked> {
        Arc::new(Parked {
            limit,
            counters,
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            seq: AtomicU64::new(seq),
            changed: AtomicBool::new(false),
            none: Notify::new(),
        })
    }

    /// How many may be parked, for how long, and what happens beyond that.
    pub(super) fn limit(&self) -> &kis_conf::Parked {
        &self.limit
    }

    /// The number of a row that is parked.
    pub(super) fn next(&self) -> u64 {
        self.seq.fetch_add(1, Relaxed)
    }

    /// Counts rows that are parked.
    pub(super) fn add(&self, rows: usize, bytes: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
        let all = self.rows.fetch_add(rows as u64, AcqRel) + rows as u64;
        self.counters.parked.store(all, Relaxed);
        self.changed.store(true, Release);
    }

    /// Counts rows that are parked no more.
    pub(super) fn remove(&self, rows: usize, bytes: u64) {
        self.bytes.fetch_sub(bytes, Relaxed);
        let left = self.rows.fetch_sub(rows as u64, AcqRel) - rows as u64;
        self.counters.parked.store(left, Relaxed);
        self.changed.store(true, Release);
        if left == 0 {
            self.none.notify_waiters();
        }
    }

    /// Whether the quota is used up. It may be passed by the rows of the batches at work.
    pub(super) fn is_full(&self) -> bool {
        self.rows.load(Relaxed) > self.limit.rows || self.bytes.load(Relaxed) > self.limit.bytes
    }

    /// Whether lanes wait until there is room.
    pub(super) fn is_full_and_waits(&self) -> bool {
        self.limit.overflow == Overflow::Wait && self.is_full()
    }

    /// Whether keys give up until there is room.
    pub(super) fn gives_up(&self) -> bool {
        self.limit.overflow == Overflow::DeadLetter && self.is_full()
    }

    /// Whether rows were parked or left since the last time this was asked.
    pub(super) fn take_changed(&self) -> bool {
        self.changed.swap(false, AcqRel)
    }

    /// Waits until no row is parked.
    pub(super) async fn none(&self) {
        loop {
            let none = self.none.notified();
            if self.rows.load(Acquire) == 0 {
                return;
            }
            none.await;
        }
    }
}
