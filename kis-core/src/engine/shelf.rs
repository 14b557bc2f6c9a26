//! The parked rows of one lane: those that wait for their next try, and behind them the later rows of their keys.
//!
//! Rows of one key stand in a line. Its head waits for a moment; the others wait for the head. What waits together
//! (a batch whose call failed as a whole) may be the head of several lines.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Instant,
};

use kis_conn::store::ParkedWrite;

use super::{
    entry::{Entry, id_of},
    parked::Parked,
};
use crate::flow::FlowPlan;

/// The parked rows of one lane.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) all: Arc<Parked>,
    entries: HashMap<u64, Entry>,
    /// By the hash of the key: two keys of one hash wait for each other, which is harmless.
    lines: HashMap<u64, Line>,
    due: BTreeSet<(Instant, u64)>,
    next: u64,
    /// Entries that the next cut writes.
    dirty: HashSet<u64>,
    /// Rows that the store has, by their number.
    stored: HashSet<u64>,
    /// Those of them that are parked no more.
    left: HashSet<u64>,
    /// How many rows were parked since this was asked last.
    added: usize,
}

#[derive(Debug)]
struct Line {
    head: u64,
    behind: VecDeque<u64>,
    rows: usize,
}

impl Shelf {
    /// A lane without parked rows.
    pub(super) fn new(all: Arc<Parked>) -> Shelf {
        Shelf {
            all,
            entries: HashMap::new(),
            lines: HashMap::new(),
            due: BTreeSet::new(),
            next: 0,
            dirty: HashSet::new(),
            stored: HashSet::new(),
            left: HashSet::new(),
            added: 0,
        }
    }

    /// How many of the rows that were parked since this was asked last are too many.
    pub(super) fn take_added(&mut self) -> usize {
        self.all.surplus(std::mem::take(&mut self.added))
    }

    /// Whether rows of this key wait.
    pub(super) fn holds(&self, key: u64) -> bool {
        self.lines.contains_key(&key)
    }

    /// Whether no row waits.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many rows wait.
    pub(super) fn rows(&self) -> usize {
        self.entries.values().map(|entry| entry.batch.len()).sum()
    }

    /// When the next rows are to be tried again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Takes the rows whose time has come. Their keys go on waiting until [`Shelf::done`].
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(u64, Entry)> {
        let (due, id) = *self.due.first()?;
        if due > now {
            return None;
        }
        self.due.remove(&(due, id));
        Some((id, self.take(id)?))
    }

    /// Parks rows at the head of their lines. What waited there before, which are later rows, waits behind them.
    pub(super) fn park(&mut self, entry: Entry) {
        let hashes = entry.hashes();
        let id = self.put(entry);
        for hash in hashes {
            let line = self.lines.entry(hash).or_insert(Line {
                head: id,
                behind: VecDeque::new(),
                rows: 0,
            });
            if line.head != id {
                let before = std::mem::replace(&mut line.head, id);
                // The entry that is at work is not here any more: its rows come back one by one.
                if let Some(entry) = self.entries.get(&before) {
                    line.behind.push_front(before);
                    self.due.remove(&(entry.wait.due, before));
                }
            }
        }
        self.arm(id);
        self.count(id, 1);
    }

    /// Parks rows of one key each behind the head of its line: before all others that wait there, or behind them.
    pub(super) fn park_behind(&mut self, entries: Vec<Entry>, first: bool) {
        let ids: Vec<u64> = entries.into_iter().map(|entry| self.put(entry)).collect();
        for id in if first {
            ids.into_iter().rev().collect()
        } else {
            ids
        } {
            let Some(hash) = self.entries[&id].hashes().first().copied() else {
                self.arm(id);
                continue;
            };
            match self.lines.get_mut(&hash) {
                Some(line) if first => line.behind.push_front(id),
                Some(line) => line.behind.push_back(id),
                None => {
                    let line = Line {
                        head: id,
                        behind: VecDeque::new(),
                        rows: 0,
                    };
                    self.lines.insert(hash, line);
                    self.arm(id);
                }
            }
            self.count(id, 1);
        }
    }

    /// The rows of the entry `id` are through, or parked again: lines that it was the head of go on.
    pub(super) fn done(&mut self, id: u64, hashes: &[u64]) {
        for hash in hashes {
            let Some(line) = self.lines.get_mut(hash).filter(|line| line.head == id) else {
                continue;
            };
            match line.behind.pop_front() {
                Some(next) => {
                    line.head = next;
                    self.arm(next);
                }
                None => {
                    self.lines.remove(hash);
                }
            }
        }
    }

    /// Takes the rows of the key of which most wait out of the shelf, in their order; nothing if no key has many of them.
    pub(super) fn give_up(&mut self) -> Option<Vec<Entry>> {
        let longest = self.lines.iter().max_by_key(|(hash, line)| (line.rows, **hash));
        let (&hash, _) = longest.filter(|(_, line)| self.all.is_trouble(line.rows))?;
        let line = self.lines.remove(&hash)?;
        let mut given_up = Vec::new();
        for id in [line.head].into_iter().chain(line.behind) {
            let Some(entry) = self.entries.get(&id) else {
                continue;
            };
            self.due.remove(&(entry.wait.due, id));
            let Some(entry) = self.take(id) else { continue };
            let (own, others) = entry.divide(hash);
            given_up.extend(own);
            if let Some(others) = others {
                // The other keys of a batch that failed as a whole go on waiting.
                let hashes = others.hashes();
                let new = self.put(others);
                for hash in hashes {
                    if let Some(line) = self.lines.get_mut(&hash) {
                        let places = [&mut line.head].into_iter().chain(&mut line.behind);
                        places.filter(|at| **at == id).for_each(|at| *at = new);
                    }
                }
                self.count(new, 1);
                self.arm(new);
            }
        }
        Some(given_up)
    }

    /// Takes what changed since the last cut.
    pub(super) fn freeze(&mut self, plan: &FlowPlan, now_ms: u64, writes: &mut Vec<ParkedWrite>) {
        for id in std::mem::take(&mut self.dirty) {
            let Some(entry) = self.entries.get(&id) else {
                continue;
            };
            for row in entry.stored(plan, now_ms) {
                self.left.remove(&row.seq);
                self.stored.insert(row.seq);
                writes.push(ParkedWrite::Put(row));
            }
        }
        for seq in self.left.drain() {
            self.stored.remove(&seq);
            writes.push(ParkedWrite::Remove(id_of(seq)));
        }
    }

    /// Puts back rows that the store has; rows of one key come in their order.
    pub(super) fn restore(&mut self, entry: Entry) {
        self.stored.extend(entry.seqs());
        let waits = entry.hashes().iter().any(|hash| self.holds(*hash));
        if waits {
            self.park_behind(vec![entry], false);
        } else {
            self.park(entry);
        }
        // The store has them as they are.
        self.dirty.clear();
        self.added = 0;
    }

    /// The row of this number, which the store has, is not parked any more.
    pub(super) fn forget(&mut self, seq: u64) {
        self.all.changed();
        self.stored.insert(seq);
        self.left.insert(seq);
    }

    fn put(&mut self, entry: Entry) -> u64 {
        let id = self.next;
        self.next += 1;
        self.all.add(entry.batch.len(), entry.size());
        self.added += entry.batch.len();
        for seq in entry.seqs() {
            self.left.remove(&seq);
        }
        self.dirty.insert(id);
        self.entries.insert(id, entry);
        id
    }

    fn take(&mut self, id: u64) -> Option<Entry> {
        self.count(id, -1);
        let entry = self.entries.remove(&id)?;
        self.dirty.remove(&id);
        self.all.remove(entry.batch.len(), entry.size());
        self.left
            .extend(entry.seqs().filter(|seq| self.stored.contains(seq)));
        Some(entry)
    }

    /// Lets an entry be tried when its time comes, if it is at the head of all its lines.
    fn arm(&mut self, id: u64) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let heads = |hash: &u64| self.lines.get(hash).is_none_or(|line| line.head == id);
        if entry.hashes().iter().all(heads) {
            self.due.insert((entry.wait.due, id));
        }
    }

    /// Counts the rows of an entry in its lines.
    fn count(&mut self, id: u64, by: isize) {
        let Some(keys) = self.entries.get(&id).and_then(|entry| entry.keys.clone()) else {
            return;
        };
        for row in 0..keys.len() {
            if let Some(line) = self.lines.get_mut(&keys.hash(row)) {
                line.rows = line.rows.saturating_add_signed(by);
            }
        }
    }
}

#[cfg(test)]
mod tests;
