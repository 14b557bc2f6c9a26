//! Writes to one embedded table that no cut has made durable yet, from all lanes of a flow.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use smallvec::SmallVec;

/// A write to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Write {
    /// The order among the writes of the flow.
    pub(super) seq: u64,
    /// The row; nothing removes the key.
    pub(super) value: Option<Bytes>,
}

/// What a lane last wrote to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    lane: u32,
    now: Write,
    /// What the lane's last freeze covers, if the lane wrote again since. It is kept until that cut is durable, so that
    /// freezing need not look at the keys: the values are taken beside the lanes.
    frozen: Option<Write>,
}

impl Slot {
    pub(super) fn seq(&self) -> u64 {
        self.now.seq
    }
}

/// What is known about a key: at most one slot for each lane, since a rollback of one lane must not touch the others.
#[derive(Debug, Default)]
struct Entry {
    slots: SmallVec<[Slot; 1]>,
    /// The newest write to this key that is durable, while an older one of another lane is not.
    durable: u64,
}

const SHARDS: usize = 16;

type Shard = HashMap<Bytes, Entry, RandomState>;

/// The uncut writes of one table, in shards so that lanes rarely meet.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    /// Whether two lanes ever had an uncut write to one key.
    shared: AtomicBool,
}

impl Overlay {
    /// The newest uncut write to a key: nothing if there is none, `Some(None)` if it removed the key.
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<Bytes>> {
        self.shard(key)
            .lock()
            .get(key)
            .and_then(Entry::newest)
            .map(|write| write.value.clone())
    }

    /// Puts a lane's write in and gives back the lane's former slot. Writes of the lane up to `frozen` belong to a cut.
    pub(super) fn put(&self, key: &Bytes, lane: u32, frozen: u64, write: Write) -> Option<Slot> {
        let mut shard = self.shard(key).lock();
        let entry = match shard.get_mut(key) {
            Some(entry) => entry,
            None => shard.entry(key.clone()).or_default(),
        };
        let Some(slot) = entry.slots.iter_mut().find(|slot| slot.lane == lane) else {
            if !entry.slots.is_empty() {
                self.shared.store(true, Ordering::Relaxed);
            }
            entry.slots.push(Slot {
                lane,
                now: write,
                frozen: None,
            });
            return None;
        };
        let former = slot.clone();
        let before = std::mem::replace(&mut slot.now, write);
        if before.seq <= frozen {
            slot.frozen = Some(before);
        }
        Some(former)
    }

    /// Takes a lane's slot back to `former`.
    pub(super) fn undo(&self, key: &[u8], lane: u32, former: Option<Slot>) {
        self.change(key, lane, |_, slot| {
            let keep = former.is_some();
            if let Some(former) = former {
                *slot = former;
            }
            keep
        });
    }

    /// A lane's last write numbered above `from` and up to `upto`, as a cut takes it. Nothing if a newer write of another
    /// lane is durable already: then this one never counted.
    pub(super) fn frozen(&self, key: &[u8], lane: u32, from: u64, upto: u64) -> Option<Write> {
        let shard = self.shard(key).lock();
        let entry = shard.get(key)?;
        let slot = entry.slots.iter().find(|slot| slot.lane == lane)?;
        let write = if slot.now.seq <= upto {
            &slot.now
        } else {
            slot.frozen.as_ref()?
        };
        (write.seq > from && write.seq <= upto && write.seq > entry.durable).then(|| write.clone())
    }

    /// A lane's writes up to `upto` are durable: unless it wrote again, readers find the key in the store.
    pub(super) fn durable(&self, key: &[u8], lane: u32, upto: u64) {
        self.change(key, lane, |durable, slot| {
            if slot.now.seq <= upto {
                *durable = slot.now.seq.max(*durable);
                return false;
            }
            if let Some(frozen) = slot.frozen.take_if(|frozen| frozen.seq <= upto) {
                *durable = frozen.seq.max(*durable);
            }
            true
        });
    }

    /// Whether a write of one lane may have been overtaken by a newer one of another lane.
    pub(super) fn is_shared(&self) -> bool {
        self.shared.load(Ordering::Relaxed)
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

    /// Lets `change` see a lane's slot (with the entry's durable number), and removes the slot if it says false.
    fn change(&self, key: &[u8], lane: u32, change: impl FnOnce(&mut u64, &mut Slot) -> bool) {
        let mut shard = self.shard(key).lock();
        let Some(entry) = shard.get_mut(key) else { return };
        let Some(at) = entry.slots.iter().position(|slot| slot.lane == lane) else {
            return;
        };
        if !change(&mut entry.durable, &mut entry.slots[at]) {
            entry.slots.remove(at);
            if entry.slots.is_empty() {
                shard.remove(key);
            }
        }
    }

    fn shard(&self, key: &[u8]) -> &Mutex<Shard> {
        let hash = self.hasher.hash_one(key);
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

impl Entry {
    fn newest(&self) -> Option<&Write> {
        let newest = self
            .slots
            .iter()
            .map(|slot| &slot.now)
            .max_by_key(|write| write.seq);
        newest.filter(|write| write.seq > self.durable)
    }
}
