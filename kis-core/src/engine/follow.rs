//! `keep_order` of dead letters: once a key has a letter, its later rows follow it, until all were sent in again in
//! their order.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use kis_conn::store::{LetterId, LetterWrite};

use super::{
    chain::{Chain, Run},
    failure::Failing,
    letters::LetterBook,
};
use crate::{
    error::Error,
    row::{Batch, key::KeyRef},
};

/// Letters of this run stand behind all that the store had at its start.
const NEW: u64 = 1 << 63;

/// The keys of a lane that have dead letters.
pub(super) struct Follow {
    book: Arc<LetterBook>,
    /// By the hash of the key: its letters by their place, the oldest first.
    letters: HashMap<u64, BTreeMap<u64, LetterId>>,
    next: u64,
    /// How many of the letters that somebody removed are known here.
    seen: usize,
}

impl Follow {
    /// No key has a letter yet.
    pub(super) fn new(book: Arc<LetterBook>) -> Follow {
        Follow {
            book,
            letters: HashMap::new(),
            next: NEW,
            seen: 0,
        }
    }

    /// A letter of the key with this hash, at its place among the letters of its flow; one without a place is the newest.
    pub(super) fn add(&mut self, key: u64, place: Option<u64>, id: LetterId) {
        let place = place.unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        self.letters.entry(key).or_default().insert(place, id);
    }

    /// Whether the key has a letter that stands before this place; before any, for a row that was no letter itself.
    fn holds(&self, key: u64, place: Option<u64>) -> bool {
        let first = self.letters.get(&key).and_then(BTreeMap::first_key_value);
        first.is_some_and(|(first, _)| *first < place.unwrap_or(u64::MAX))
    }

    /// Whether it is this letter's turn: no older one of its key is left. It is a letter no more then.
    fn take(&mut self, key: u64, id: LetterId) -> bool {
        let Some(letters) = self.letters.get_mut(&key) else {
            return true;
        };
        match letters.first_entry() {
            Some(first) if *first.get() == id => {
                first.remove();
                if letters.is_empty() {
                    self.letters.remove(&key);
                }
                true
            }
            _ => false,
        }
    }

    /// Forgets letters that were removed without being sent in: too many, too old, purged.
    fn refresh(&mut self) {
        let gone = self.book.removed_since(&mut self.seen);
        if !gone.is_empty() {
            self.letters.retain(|_, letters| {
                letters.retain(|_, id| !gone.contains(id));
                !letters.is_empty()
            });
        }
    }
}

impl Chain {
    /// Whether a dead letter that was sent in may go its way: those of its key that are older come first.
    pub(super) fn takes_turn(&mut self, run: &Run) -> bool {
        let was = run.from.back(0).and_then(|back| back.was.as_ref());
        let (Some(follow), Some(was), Some(keys)) = (&mut self.follow, was, &run.keys) else {
            return true;
        };
        follow.refresh();
        keys.is_empty() || follow.take(keys.hash(0), was.id)
    }

    /// Lets the rows of keys that have a dead letter be letters too.
    pub(super) fn follow(&mut self, at: usize, run: &mut Run) {
        let (Some(follow), Some(keys)) = (&mut self.follow, &run.keys) else {
            return;
        };
        if follow.letters.is_empty() {
            return;
        }
        follow.refresh();
        let holds = |i| {
            let row = run.batch.origin_of(i);
            let place = |row| Some(run.from.back(row)?.was.as_ref()?.place);
            row.is_some_and(|row| follow.holds(keys.hash(row as usize), place(row)))
        };
        let part_of: Vec<u32> = (0..run.batch.len()).map(|i| u32::from(holds(i))).collect();
        if !part_of.contains(&1) {
            return;
        }
        let mut parts = std::mem::take(&mut run.batch).divide(&part_of, 2).into_iter();
        run.batch = parts.next().unwrap_or_default();
        let behind: Batch = parts.next().unwrap_or_default();
        for i in 0..behind.len() {
            let error = Error::retry("it follows a dead letter of its key").with_code("follows");
            let fail = behind.fail(i, error);
            let nth = self.fallen.count(at, fail.origin);
            let failing = Failing::at((&self.flow, &self.around), at, (&run.from, run.keys.as_ref()), 0);
            failing.bury(fail, nth, &mut self.letters);
            self.note_letters(self.letters.len() - 1);
        }
    }

    /// Notes the keys of the letters from this one on.
    pub(super) fn note_letters(&mut self, from: usize) {
        let Some(follow) = &mut self.follow else { return };
        for write in &self.letters[from..] {
            if let LetterWrite::Put(letter) = write
                && let Some(key) = &letter.key
            {
                let place = Some(letter.seq).filter(|place| *place > 0);
                follow.add(KeyRef::from_canonical(key).hash(), place, letter.id);
            }
        }
    }
}
