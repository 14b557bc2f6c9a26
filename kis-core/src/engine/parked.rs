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

/// A key gives up if it has at least one in so many of the rows that are parked.
const TROUBLE: u64 = 10;

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
    /// Told whenever rows are parked no more.
    left: Notify,
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
            left: Notify::new(),
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
        self.left.notify_waiters();
    }

    /// How many of `added` rows are too many, where keys give up then.
    pub(super) fn surplus(&self, added: usize) -> usize {
        if self.limit.overflow != Overflow::DeadLetter || !self.is_full() {
            return 0;
        }
        let over = self.rows.load(Relaxed).saturating_sub(self.limit.rows);
        // Where only the bytes are too many, it is not known how many rows that is.
        match usize::try_from(over) {
            Ok(over @ 1..) => over.min(added),
            _ => added,
        }
    }

    /// Whether so many rows of one key are so many that this key is the trouble. Where rows of many keys are parked,
    /// something else is, and none of them gives up: the flow waits.
    pub(super) fn is_trouble(&self, rows: usize) -> bool {
        rows as u64 * TROUBLE >= self.rows.load(Relaxed)
    }

    /// Waits until there is room: a flow reads nothing more until then. What was read before may pass the quota.
    pub(super) async fn room(&self) {
        loop {
            let left = self.left.notified();
            if !self.is_full() {
                return;
            }
            left.await;
        }
    }

    fn is_full(&self) -> bool {
        self.rows.load(Relaxed) > self.limit.rows || self.bytes.load(Relaxed) > self.limit.bytes
    }

    /// Notes that what the store has is not as it is here.
    pub(super) fn changed(&self) {
        self.changed.store(true, Release);
    }

    /// Whether rows were parked or left since the last time this was asked.
    pub(super) fn take_changed(&self) -> bool {
        self.changed.swap(false, AcqRel)
    }

    /// Waits until no row is parked.
    pub(super) async fn none(&self) {
        loop {
            let left = self.left.notified();
            if self.rows.load(Acquire) == 0 {
                return;
            }
            left.await;
        }
    }
}
