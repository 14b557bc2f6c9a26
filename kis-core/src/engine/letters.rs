//! What a flow knows of its dead letters: how many there are, whether more may come, and which rows are let be one.

use std::{
    collections::HashSet,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use kis_conf::{DeadLetterConf, OnFull};
use kis_conn::store::{
    FlowRecord, LaneCut, Letter, LetterBound, LetterId, LetterStock, LetterWrite, Store, StoreError,
};
use parking_lot::Mutex;

use super::around::Clock;
use crate::observe::{FlowCounters, HeldBy};

/// How many letters one cut removes at the most because they are too many or too old.
const AT_MOST: u32 = 10_000;

/// How often a flow that waits for room looks again.
const LOOK: Duration = Duration::from_millis(10);

/// The dead letters of one running flow, as numbers.
pub(crate) struct LetterBook {
    flow: String,
    max_rows: u64,
    max_age_ms: u64,
    on_full: OnFull,
    /// Rows that are let be letters whatever the policy of their error says, by their origin.
    skips: OnceLock<HashSet<String>>,
    stock: Mutex<Stock>,
    full: AtomicBool,
    clock: Clock,
    /// Letters that were removed without being sent in: too many, too old, purged.
    removed: Mutex<Vec<LetterId>>,
}

#[derive(Debug, Default)]
struct Stock {
    /// Letters in the store.
    count: u64,
    oldest_ms: Option<u64>,
    /// Letters of this run that cuts have written.
    written: u64,
    /// The place behind the last letter.
    next_place: u64,
}

/// The letters of one cut.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CutLetters {
    /// Letters that rows became.
    put: u64,
    /// Those of them whose rows had been sent in again.
    again: u64,
}

impl LetterBook {
    /// Knows of no letter yet.
    pub(super) fn new(flow: &str, conf: &DeadLetterConf, clock: Clock) -> LetterBook {
        LetterBook {
            flow: flow.to_owned(),
            max_rows: conf.max_rows,
            max_age_ms: u64::try_from(conf.max_age.as_millis()).unwrap_or(u64::MAX),
            on_full: conf.on_full,
            skips: OnceLock::new(),
            stock: Mutex::default(),
            full: AtomicBool::new(false),
            clock,
            removed: Mutex::default(),
        }
    }

    /// Learns what the store holds.
    pub(super) fn load(&self, store: &Store, record: &FlowRecord) -> Result<(), StoreError> {
        let found = store.letter_stock(&self.flow)?;
        let skips = store.skips(&self.flow)?.into_iter().collect();
        // A flow is started once.
        let _ = self.skips.set(skips);
        let mut stock = self.stock.lock();
        stock.count = found.count;
        stock.oldest_ms = found.oldest_ms;
        stock.next_place = Letter::place(record.at_ms + 1, 0);
        Ok(())
    }

    /// Whether the row of this origin is let be a letter whatever the policy says.
    pub(super) fn skips(&self, origin: &str) -> bool {
        self.skips.get().is_some_and(|skips| skips.contains(origin))
    }

    /// Rows that may be read now: each of them could become a letter. Waits until there is room for one.
    pub(super) async fn room(&self, counters: &FlowCounters) -> u64 {
        loop {
            if let Some(room) = self.try_room(counters, 1) {
                return room;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until so many rows may go into the flow, and takes them in with `take`.
    pub(super) async fn admit<T>(&self, counters: &FlowCounters, rows: u64, take: impl FnOnce() -> T) -> T {
        loop {
            if self.on_full != OnFull::Pause {
                return take();
            }
            {
                // Nobody else comes in between.
                let stock = self.stock.lock();
                let room = self.room_in(&stock, counters);
                // More rows than there may ever be letters go in alone.
                if room >= rows || rows > self.max_rows && room == self.max_rows {
                    return take();
                }
            }
            self.try_room(counters, rows);
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The room, if it is enough.
    fn try_room(&self, counters: &FlowCounters, rows: u64) -> Option<u64> {
        if self.on_full != OnFull::Pause {
            return Some(u64::MAX);
        }
        let stock = self.stock.lock();
        let room = self.room_in(&stock, counters);
        let kept = stock.count + counters.dead.get().saturating_sub(stock.written);
        drop(stock);
        // Rows on their way are likely to leave room; letters do not.
        let full = room < rows && self.max_rows.saturating_sub(kept) < rows;
        if self.full.swap(full, Relaxed) != full {
            self.tell(full, kept, counters);
        }
        (room >= rows).then_some(room)
    }

    fn tell(&self, full: bool, kept: u64, counters: &FlowCounters) {
        let (flow, max) = (&self.flow, self.max_rows);
        let hold = counters.holds.of(HeldBy::Letters, "");
        if full {
            let why = format!(
                "there are {kept} dead letters, and `dead_letter: {{ max_rows: {max} }}`; `dlq redrive` or `dlq purge` makes room"
            );
            tracing::warn!(flow, "no more rows are taken: {why}");
            hold.begin(why, (self.clock)());
        } else if hold.end().is_some() {
            tracing::info!(flow, kept, "rows are taken again: there is room for dead letters");
        }
    }

    /// How many more rows could become letters, if all that are on their way do.
    fn room_in(&self, stock: &Stock, counters: &FlowCounters) -> u64 {
        // In this order: a row that is settled meanwhile is counted twice rather than not at all.
        let on_their_way = counters.inflight_rows.load(Relaxed) + counters.parked.load(Relaxed);
        let kept = stock.count + counters.dead.get().saturating_sub(stock.written);
        self.max_rows.saturating_sub(kept + on_their_way)
    }

    /// Whether letters are so old that a cut has to remove them.
    pub(super) fn wants_cut(&self, now_ms: u64) -> bool {
        let oldest = self.stock.lock().oldest_ms;
        oldest.is_some_and(|oldest| oldest < now_ms.saturating_sub(self.max_age_ms))
    }

    /// Gives new letters their places, and says what is removed when they are written.
    pub(super) fn before_cut(&self, lanes: &mut [LaneCut], now_ms: u64) -> (CutLetters, LetterBound) {
        let mut stock = self.stock.lock();
        let mut counted = CutLetters::default();
        let mut next = stock.next_place.max(Letter::place(now_ms, 0));
        for write in lanes.iter_mut().flat_map(|lane| &mut lane.letters) {
            let LetterWrite::Put(letter) = write else { continue };
            counted.put += 1;
            counted.again += u64::from(letter.replays > 0);
            if letter.seq == 0 {
                letter.seq = next;
                next += 1;
            }
        }
        stock.next_place = next;
        let drops = self.on_full == OnFull::DropOldest && stock.count + counted.put > self.max_rows;
        let before_ms = now_ms.saturating_sub(self.max_age_ms);
        let expires = stock.oldest_ms.is_some_and(|oldest| oldest < before_ms);
        let bound = match drops || expires {
            true => LetterBound {
                max_rows: drops.then_some(self.max_rows),
                before_ms,
                at_most: AT_MOST.max(u32::try_from(counted.put).unwrap_or(u32::MAX)),
            },
            false => LetterBound::default(),
        };
        (counted, bound)
    }

    /// The cut with these letters is written.
    pub(super) fn after_cut(
        &self,
        counted: CutLetters,
        now: Option<LetterStock>,
        store: &Store,
        counters: &FlowCounters,
    ) {
        let mut stock = self.stock.lock();
        stock.written += counted.put;
        if let Some(now) = now {
            self.removed.lock().extend(&now.removed);
            stock.oldest_ms = now.oldest_ms;
            counters.letters_dropped.add(now.dropped);
            counters.letters_expired.add(now.expired);
        }
        self.count_in(&mut stock, store, counters);
        drop(stock);
        counters.failed_again.add(counted.again);
    }

    /// The letters that were removed since the first `seen` of them.
    pub(super) fn removed_since(&self, seen: &mut usize) -> HashSet<LetterId> {
        let removed = self.removed.lock();
        let new = removed[*seen..].iter().copied().collect();
        *seen = removed.len();
        new
    }

    /// These letters were removed by somebody else.
    pub(super) fn purged(&self, letters: &[LetterId], store: &Store, counters: &FlowCounters) {
        self.removed.lock().extend(letters);
        self.count_in(&mut self.stock.lock(), store, counters);
    }

    /// The store's own number is read under the lock, so that the last one who reads has the last number.
    fn count_in(&self, stock: &mut Stock, store: &Store, counters: &FlowCounters) {
        if let Some(count) = store.letter_count(&self.flow) {
            stock.count = count;
        }
        counters.letters.store(stock.count, Relaxed);
    }
}
