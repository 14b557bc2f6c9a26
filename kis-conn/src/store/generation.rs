//! What one lane wrote to one embedded table between two freezes.

use std::hash::BuildHasher;

use bytes::Bytes;
use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// The rows in the order of their first writes, found by their keys.
#[derive(Debug, Default)]
pub(super) struct Generation {
    rows: Vec<Row>,
    index: HashTable<Place>,
}

/// The last write to a key.
#[derive(Debug)]
pub(super) struct Row {
    now: Write,
    /// The number of the first write.
    born: u64,
    /// The newest write to this key, by another lane, that was durable before this row was frozen.
    overtaken: u64,
}

/// One write to a key.
#[derive(Clone, Debug)]
pub(super) struct Write {
    /// The key, and behind it the value.
    data: Bytes,
    key_len: u32,
    /// The key is removed.
    removed: bool,
    /// The order among the writes of the flow; 0 if it was taken back.
    pub(super) seq: u64,
}

/// Where a row lies; its hash stands beside, so that growing need not look at the rows.
#[derive(Debug)]
struct Place {
    hash: u32,
    row: u32,
}

impl Place {
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Write {
    /// A write of `data`: the key in the first `key_len` bytes, behind them the value.
    pub(super) fn new(data: Bytes, key_len: u32, removed: bool, seq: u64) -> Write {
        Write {
            data,
            key_len,
            removed,
            seq,
        }
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.data[..self.key_len as usize]
    }

    /// The value; nothing if the key is removed.
    pub(super) fn value(&self) -> Option<&[u8]> {
        (!self.removed).then(|| &self.data[self.key_len as usize..])
    }

    /// The key without a copy.
    pub(super) fn shared_key(&self) -> Bytes {
        self.data.slice(..self.key_len as usize)
    }

    /// The value without a copy.
    pub(super) fn shared_value(&self) -> Option<Bytes> {
        (!self.removed).then(|| self.data.slice(self.key_len as usize..))
    }
}

impl Row {
    /// The write, if it counts: not taken back, and not older than one of another lane that is durable.
    pub(super) fn write(&self) -> Option<&Write> {
        (self.now.seq > self.overtaken).then_some(&self.now)
    }
}

impl Generation {
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The last write to a key, if it counts.
    pub(super) fn get(&self, hash: u32, key: &[u8]) -> Option<&Write> {
        self.rows[self.find(hash, key)?].write()
    }

    /// Puts a write in. Returns the number of the row, and what the write replaced.
    pub(super) fn put(&mut self, hash: u32, write: Write) -> (u32, Option<Write>) {
        if let Some(at) = self.find(hash, write.key()) {
            return (at as u32, Some(std::mem::replace(&mut self.rows[at].now, write)));
        }
        let row = self.rows.len() as u32;
        self.index
            .insert_unique(Place::spread(hash), Place { hash, row }, |place| {
                Place::spread(place.hash)
            });
        self.rows.push(Row {
            born: write.seq,
            overtaken: 0,
            now: write,
        });
        (row, None)
    }

    /// Takes a row back to what it was; `hasher` is the one of its keys.
    pub(super) fn undo(&mut self, row: u32, former: Option<Write>, hasher: &RandomState) {
        let at = row as usize;
        if let Some(former) = former {
            self.rows[at].now = former;
        } else if at + 1 == self.rows.len() {
            let hash = hash(hasher, self.rows[at].now.key());
            let place = self
                .index
                .find_entry(Place::spread(hash), |place| place.row == row);
            if let Ok(place) = place {
                place.remove();
            }
            self.rows.pop();
        } else {
            self.rows[at].now.seq = 0;
        }
    }

    /// Writes of other lanes up to number `upto` are durable: `newest` tells the number of the one to a key. Older
    /// writes in here, which lanes put in behind their markers, do not count any more.
    pub(super) fn overtake(&mut self, upto: u64, newest: impl Fn(&[u8]) -> u64) {
        // Later rows are younger, whatever was written to them last.
        let young = self.rows.partition_point(|row| row.born <= upto);
        for row in &mut self.rows[..young] {
            row.overtaken = row.overtaken.max(newest(row.now.key()));
        }
    }

    fn find(&self, hash: u32, key: &[u8]) -> Option<usize> {
        let found = self.index.find(Place::spread(hash), |place| {
            place.hash == hash && self.rows[place.row as usize].now.key() == key
        });
        found.map(|place| place.row as usize)
    }
}

/// The hash of a key.
pub(super) fn hash(hasher: &RandomState, key: &[u8]) -> u32 {
    (hasher.hash_one(key) >> 32) as u32
}
