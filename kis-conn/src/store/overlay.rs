//! Writes to one embedded table that no cut has made durable yet, from all lanes of a flow.

use std::collections::HashMap;
use std::hash::BuildHasher;

use bytes::Bytes;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use smallvec::SmallVec;

/// A lane's last write to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) lane: u32,
    /// The order among the writes of the flow.
    pub(super) seq: u64,
    pub(super) value: Option<Bytes>,
}

/// What is known about a key: at most one slot for each lane, since a rollback of one lane must not touch the others.
#[derive(Debug, Default)]
struct Entry {
    slots: SmallVec<[Slot; 1]>,
    /// The newest write to this key that is durable, while an older one of another lane is not.
    durable: u64,
}

const SHARDS: usize = 16;

/// The uncut writes of one table, in shards so that lanes rarely meet.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    hasher: RandomState,
    shards: [Mutex<HashMap<Bytes, Entry, RandomState>>; SHARDS],
}

impl Overlay {
    /// The newest uncut write to a key: nothing if there is none, `Some(None)` if it removed the key.
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<Bytes>> {
        self.shard(key)
            .lock()
            .get(key)
            .and_then(Entry::newest)
            .map(|slot| slot.value.clone())
    }

    /// Puts a lane's write in and gives back the lane's former one.
    pub(super) fn put(&self, key: &Bytes, slot: Slot) -> Option<Slot> {
        let mut shard = self.shard(key).lock();
        let entry = match shard.get_mut(key) {
            Some(entry) => entry,
            None => shard.entry(key.clone()).or_default(),
        };
        match entry.slots.iter_mut().find(|known| known.lane == slot.lane) {
            Some(known) => Some(std::mem::replace(known, slot)),
            None => {
                entry.slots.push(slot);
                None
            }
        }
    }

    /// The write of a lane as a cut takes it: nothing if it never counted, because a newer write of another lane is
    /// durable already.
    pub(super) fn freeze(&self, key: &[u8], lane: u32) -> Option<Slot> {
        let mut shard = self.shard(key).lock();
        let entry = shard.get_mut(key)?;
        let at = entry.slots.iter().position(|slot| slot.lane == lane)?;
        if entry.slots[at].seq > entry.durable {
            return Some(entry.slots[at].clone());
        }
        entry.slots.remove(at);
        if entry.slots.is_empty() {
            shard.remove(key);
        }
        None
    }

    /// Takes a lane's write back to `former`.
    pub(super) fn undo(&self, key: &[u8], lane: u32, former: Option<Slot>) {
        let mut shard = self.shard(key).lock();
        let Some(entry) = shard.get_mut(key) else { return };
        let Some(at) = entry.slots.iter().position(|slot| slot.lane == lane) else {
            return;
        };
        match former {
            Some(former) => entry.slots[at] = former,
            None => {
                entry.slots.remove(at);
                if entry.slots.is_empty() {
                    shard.remove(key);
                }
            }
        }
    }

    /// The write with this number is durable: unless the lane wrote again, readers find it in the store.
    pub(super) fn durable(&self, key: &[u8], seq: u64) {
        let mut shard = self.shard(key).lock();
        let Some(entry) = shard.get_mut(key) else { return };
        entry.slots.retain(|slot| slot.seq != seq);
        entry.durable = entry.durable.max(seq);
        if entry.slots.is_empty() {
            shard.remove(key);
        }
    }

    /// The newest uncut write to each key.
    pub(super) fn all(&self) -> Vec<(Bytes, Option<Bytes>)> {
        let mut found = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock();
            let newest = shard
                .iter()
                .filter_map(|(key, entry)| Some((key.clone(), entry.newest()?.value.clone())));
            found.extend(newest);
        }
        found
    }

    /// How many keys have uncut writes.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    fn shard(&self, key: &[u8]) -> &Mutex<HashMap<Bytes, Entry, RandomState>> {
        let hash = self.hasher.hash_one(key);
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

impl Entry {
    fn newest(&self) -> Option<&Slot> {
        self.slots
            .iter()
            .max_by_key(|slot| slot.seq)
            .filter(|slot| slot.seq > self.durable)
    }
}
