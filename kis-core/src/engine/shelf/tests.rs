//! The shelf against a naive lane: rows of a key leave in their order, each once, and the counts are exact.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use kis_conn::{Layout, RawRows};
use proptest::prelude::*;

use super::*;
use crate::{
    engine::{
        entry::Wait,
        parcel::{Back, From},
    },
    error::Error,
    observe::FlowCounters,
    row::{
        Batch,
        key::{KeyRef, Keys},
    },
};

/// What happens in a lane. The flags say of each row, in turn, whether its call fails.
#[derive(Clone, Debug)]
enum Event {
    /// A batch of rows with these keys comes, which fails as a whole or works.
    Come(Vec<i64>, bool),
    /// What is due is tried: its rows fail or work one by one.
    Rows(Vec<bool>),
    /// What is due is tried: it fails as a whole.
    Whole,
    /// The key with the most rows gives up.
    GiveUp,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (prop::collection::vec(0..4i64, 1..6), prop::bool::weighted(0.7)).prop_map(|(keys, fails)| Event::Come(keys, fails)),
        4 => prop::collection::vec(any::<bool>(), 6).prop_map(Event::Rows),
        1 => Just(Event::Whole),
        1 => Just(Event::GiveUp),
    ]
}

/// A row: its key and its number.
type Row = (i64, u64);

struct Lane {
    shelf: Shelf,
    counters: Arc<FlowCounters>,
    next: u64,
    /// Rows that are parked, by their key, in their order.
    waiting: BTreeMap<i64, Vec<u64>>,
    /// Rows that have left, in the order in which they did.
    left: Vec<Row>,
}

fn entry(rows: &[Row], failed: bool) -> Entry {
    let mut keys = Keys::with_capacity(rows.len());
    rows.iter().for_each(|(key, _)| keys.push_int(*key));
    let back = |(_, seq): &Row| Back {
        origin: "a".into(),
        since_ms: 0,
        replays: 0,
        seq: Some(*seq),
        was: None,
    };
    let texts: Vec<String> = rows.iter().map(|(_, seq)| seq.to_string()).collect();
    Entry {
        at: 0,
        batch: Batch::new_raw(RawRows::from_rows("a", 1, Layout::Json, &texts)),
        keys: Some(Arc::new(keys)),
        from: From {
            back: Some(Arc::new(rows.iter().map(back).collect())),
            ..From::default()
        },
        wait: Wait {
            error: failed.then(|| Error::retry("not yet")),
            ..Wait::turn()
        },
    }
}

fn rows(entry: &Entry, keys: impl Iterator<Item = i64>) -> Vec<Row> {
    let hashes: Vec<(u64, i64)> = keys.map(|key| (KeyRef::int(key).hash(), key)).collect();
    let of = entry.keys.as_ref().unwrap();
    let key = |i: usize| hashes.iter().find(|(hash, _)| *hash == of.hash(i)).unwrap().1;
    assert_eq!(of.len(), entry.batch.len());
    entry.seqs().enumerate().map(|(i, seq)| (key(i), seq)).collect()
}

impl Lane {
    fn new() -> Lane {
        let counters = FlowCounters::with_sources("f", 0, std::iter::empty());
        Lane {
            shelf: Shelf::new(Parked::new(kis_conf::Parked::default(), Arc::clone(&counters), 0)),
            counters,
            next: 0,
            waiting: BTreeMap::new(),
            left: Vec::new(),
        }
    }

    fn settle(&mut self, row: Row) {
        if let Some(waiting) = self.waiting.get_mut(&row.0) {
            waiting.retain(|seq| *seq != row.1);
        }
        self.left.push(row);
    }

    fn wait(&mut self, (key, seq): Row) {
        let waiting = self.waiting.entry(key).or_default();
        if !waiting.contains(&seq) {
            waiting.push(seq);
        }
    }

    fn come(&mut self, keys: &[i64], fails: bool) {
        let new: Vec<Row> = keys
            .iter()
            .map(|key| {
                self.next += 1;
                (*key, self.next)
            })
            .collect();
        let held = |key: i64| self.shelf.holds(KeyRef::int(key).hash());
        let (behind, on): (Vec<Row>, Vec<Row>) = new.into_iter().partition(|(key, _)| held(*key));
        let mut parts: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
        behind
            .iter()
            .for_each(|row| parts.entry(row.0).or_default().push(*row));
        self.shelf
            .park_behind(parts.values().map(|rows| entry(rows, false)).collect(), false);
        behind.into_iter().for_each(|row| self.wait(row));
        if fails && !on.is_empty() {
            self.shelf.park(entry(&on, true));
            on.into_iter().for_each(|row| self.wait(row));
        } else {
            on.into_iter().for_each(|row| self.settle(row));
        }
    }

    /// Tries what is due; whether anything was.
    fn try_again(&mut self, whole: bool, fails: &[bool]) -> bool {
        let later = Instant::now() + Duration::from_secs(9);
        let Some((id, taken)) = self.shelf.take_due(later) else {
            return false;
        };
        let hashes = taken.hashes();
        let due = rows(&taken, 0..4);
        if whole {
            self.shelf.park(entry(&due, true));
        } else {
            let (mut heads, mut behind) = (HashSet::new(), Vec::new());
            for (row, fails) in due.into_iter().zip(fails.iter().chain(std::iter::repeat(&false))) {
                if heads.contains(&row.0) {
                    behind.push(entry(&[row], false));
                } else if *fails {
                    heads.insert(row.0);
                    self.shelf.park(entry(&[row], true));
                } else {
                    self.settle(row);
                }
            }
            self.shelf.park_behind(behind, true);
        }
        self.shelf.done(id, &hashes);
        true
    }

    fn give_up(&mut self) {
        let most = self.waiting.values().map(Vec::len).max().unwrap_or_default();
        let given = self.shelf.give_up().unwrap_or_default();
        let given: Vec<Row> = given.iter().flat_map(|entry| rows(entry, 0..4)).collect();
        assert_eq!(
            given.len(),
            most,
            "the key with the most rows gives up, with all of them"
        );
        given.into_iter().for_each(|row| self.settle(row));
    }

    fn check(&self) {
        let waiting: usize = self.waiting.values().map(Vec::len).sum();
        assert_eq!(self.shelf.rows(), waiting);
        assert_eq!(
            self.counters.parked.load(std::sync::atomic::Ordering::Relaxed),
            waiting as u64
        );
        assert_eq!(self.shelf.is_empty(), waiting == 0);
        for (key, rows) in &self.waiting {
            assert_eq!(
                self.shelf.holds(KeyRef::int(*key).hash()),
                !rows.is_empty(),
                "key {key}"
            );
        }
        assert_eq!(self.shelf.due().is_some(), waiting > 0, "somebody is always next");
    }
}

proptest! {
    #[test]
    fn rows_of_a_key_leave_in_their_order_and_each_once(events in prop::collection::vec(event(), 0..60)) {
        let mut lane = Lane::new();
        for event in &events {
            match event {
                Event::Come(keys, fails) => lane.come(keys, *fails),
                Event::Rows(fails) => drop(lane.try_again(false, fails)),
                Event::Whole => drop(lane.try_again(true, &[])),
                Event::GiveUp => lane.give_up(),
            }
            lane.check();
        }
        while lane.try_again(false, &[]) {
            lane.check();
        }
        prop_assert!(lane.shelf.is_empty());
        let mut last = BTreeMap::new();
        for (key, seq) in &lane.left {
            let before = last.insert(*key, *seq);
            prop_assert!(before < Some(*seq), "row {} of key {} left behind row {:?}", seq, key, before);
        }
        prop_assert_eq!(lane.left.len() as u64, lane.next);
    }
}
