//! The values of one step's state in one lane: a hash map that can put back what a failed call touched.

use hashbrown::HashTable;

use super::State;
use crate::row::key::{Key, KeyRef};

/// The state of one step in one lane, by key.
///
/// A call touches values with [`StateMap::touch`]; afterwards the engine either keeps what was touched or puts it
/// back as it was before the call.
#[derive(Debug)]
pub struct StateMap<S> {
    index: HashTable<Place>,
    slots: Vec<Slot<S>>,
    free: Vec<u32>,
    touched: Vec<Touched<S>>,
    /// The last touch of a function that is called row at a time, which touches one key a call.
    single: Option<Touched<S>>,
    dirty: Vec<u32>,
    /// Keys removed since the last cut, to be deleted from the store.
    removed: Vec<Key>,
    /// Whether `keep` is put off.
    held: bool,
    /// The slot that was looked at last for its time to live.
    swept: usize,
    call: u32,
    now_ms: u64,
    ttl_ms: u64,
}

/// Where the value of a key is, with a part of the key's hash: most other keys are told apart without a look at them.
#[derive(Clone, Copy, Debug)]
struct Place {
    slot: u32,
    tag: u32,
}

/// The hash as the index takes it: its low bits say the lane, and are much the same for all keys of one.
#[inline]
fn spread(hash: u64) -> u64 {
    hash.rotate_left(32)
}

/// How many values are looked at for their time to live at each marker.
const LOOKED_AT: usize = 10_000;

#[derive(Debug)]
struct Slot<S> {
    hash: u64,
    key: Key,
    value: S,
    written_ms: u64,
    call: u32,
    dirty: bool,
    /// Set by [`StateMap::remove`]; the next freeze deletes the key, unless it is touched again before.
    removed: bool,
    /// Whether the slot holds a key at all, or waits in the free list.
    live: bool,
}

#[derive(Debug)]
struct Touched<S> {
    slot: u32,
    /// What the slot held before the call; `None` when the call made it.
    before: Option<Before<S>>,
}

#[derive(Debug)]
struct Before<S> {
    value: S,
    written_ms: u64,
    removed: bool,
}

/// One key's value as a cut takes it: `None` when the key was removed or its time to live has passed.
#[derive(Debug)]
pub(super) struct FrozenValue<S> {
    pub(super) key: Key,
    pub(super) value: Option<S>,
    pub(super) expires_ms: u64,
}

impl<S: State> Default for StateMap<S> {
    fn default() -> Self {
        StateMap {
            index: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            touched: Vec::new(),
            single: None,
            dirty: Vec::new(),
            removed: Vec::new(),
            held: false,
            swept: 0,
            call: 1,
            now_ms: 0,
            ttl_ms: u64::try_from(S::TTL.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl<S: State> StateMap<S> {
    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The value of `key` to read and change; made with `Default` if there is none or it has expired.
    ///
    /// The first touch of a key in a call keeps a copy, so that [`StateMap::undo`] can put it back.
    #[inline]
    pub fn touch(&mut self, key: KeyRef<'_>) -> &mut S {
        match self.find(key) {
            Some(i) => self.touch_slot(i),
            None => {
                let i = self.insert(key, S::default(), self.now_ms, true);
                &mut self.slots[i as usize].value
            }
        }
    }

    fn touch_slot(&mut self, i: u32) -> &mut S {
        if self.slots[i as usize].call != self.call {
            self.slots[i as usize].call = self.call;
            let touched = self.open(i);
            self.touched.push(touched);
        }
        let slot = &mut self.slots[i as usize];
        slot.removed = false;
        &mut slot.value
    }

    /// Accepts what was touched before, and gives the value of `key`: [`StateMap::keep`] and [`StateMap::touch`] in one,
    /// for calls that touch one key each.
    #[inline]
    pub fn next(&mut self, key: KeyRef<'_>) -> &mut S {
        if self.held {
            return self.touch(key);
        }
        if !self.touched.is_empty() {
            self.keep();
        }
        let Some(i) = self.find(key) else {
            self.single = None;
            let i = self.insert(key, S::default(), self.now_ms, true);
            return &mut self.slots[i as usize].value;
        };
        self.single = Some(self.open(i));
        let slot = &mut self.slots[i as usize];
        slot.removed = false;
        &mut slot.value
    }

    /// Begins a change of a slot: copies what it holds for undo, lets an expired value begin anew, and notes that the
    /// slot is to be written.
    #[inline]
    fn open(&mut self, i: u32) -> Touched<S> {
        let expired = self.expired(&self.slots[i as usize]);
        let slot = &mut self.slots[i as usize];
        let before = Before {
            value: slot.value.clone(),
            written_ms: slot.written_ms,
            removed: slot.removed,
        };
        if expired {
            slot.value = S::default();
        }
        slot.written_ms = self.now_ms;
        if !slot.dirty {
            slot.dirty = true;
            self.dirty.push(i);
        }
        Touched {
            slot: i,
            before: Some(before),
        }
    }

    /// The value of `key`, if it has one that has not expired.
    pub fn get(&self, key: KeyRef<'_>) -> Option<&S> {
        let slot = &self.slots[self.find(key)? as usize];
        (!slot.removed && !self.expired(slot)).then_some(&slot.value)
    }

    /// Removes the value of `key`. The next touch starts at `Default`.
    pub fn remove(&mut self, key: KeyRef<'_>) {
        if self.find(key).is_some() {
            // The slot stays until the next freeze, so that `undo` has a place to put the value back to.
            *self.touch(key) = S::default();
            if let Some(i) = self.find(key) {
                self.slots[i as usize].removed = true;
            }
        }
    }

    /// Accepts all touches since the last `keep` or `undo`.
    #[inline]
    pub fn keep(&mut self) {
        if self.held {
            return;
        }
        self.touched.clear();
        self.single = None;
        self.call = self.call.wrapping_add(1);
    }

    /// Puts back everything touched since the last `keep` or `undo`.
    pub fn undo(&mut self) {
        while let Some(Touched { slot: i, before }) = self.touched.pop().or_else(|| self.single.take()) {
            match before {
                Some(before) => {
                    let slot = &mut self.slots[i as usize];
                    slot.value = before.value;
                    slot.written_ms = before.written_ms;
                    slot.removed = before.removed;
                }
                None => self.drop_slot(i),
            }
        }
        self.call = self.call.wrapping_add(1);
    }

    /// From here on nothing is kept for good: a call that is only a probe is undone as a whole, whatever it says.
    pub(super) fn hold(&mut self) {
        self.held = true;
    }

    /// Ends what [`StateMap::hold`] began; the touches since then can still be undone.
    pub(super) fn let_go(&mut self) {
        self.held = false;
    }

    /// Sets the clock by which values expire, in milliseconds since 1970.
    pub(super) fn set_now(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
    }

    /// Overrides how long values are kept.
    pub(super) fn set_ttl(&mut self, ttl_ms: u64) {
        self.ttl_ms = ttl_ms;
    }

    /// Puts in a value that the store held; a migrated one is to be stored anew.
    pub(super) fn load(&mut self, key: KeyRef<'_>, value: S, expires_ms: u64, migrated: bool) {
        let written_ms = expires_ms.saturating_sub(self.ttl_ms);
        let slot = self.insert(key, value, written_ms, false);
        if migrated {
            self.slots[slot as usize].dirty = true;
            self.dirty.push(slot);
        }
    }

    /// Copies what changed since the last freeze, and forgets values whose time has passed among them.
    pub(super) fn freeze(&mut self) -> Vec<FrozenValue<S>> {
        let mut frozen = Vec::with_capacity(self.dirty.len() + self.removed.len());
        frozen.extend(self.removed.drain(..).map(|key| FrozenValue {
            key,
            value: None,
            expires_ms: 0,
        }));
        for i in std::mem::take(&mut self.dirty) {
            let slot = &mut self.slots[i as usize];
            if !slot.dirty {
                continue;
            }
            slot.dirty = false;
            let key = slot.key.clone();
            if slot.removed {
                self.drop_slot(i);
                frozen.push(FrozenValue {
                    key,
                    value: None,
                    expires_ms: 0,
                });
            } else {
                let expires_ms = slot.written_ms.saturating_add(self.ttl_ms);
                frozen.push(FrozenValue {
                    key,
                    value: Some(slot.value.clone()),
                    expires_ms,
                });
            }
        }
        frozen
    }

    /// Looks at some of the values, the next ones each time, and forgets those whose time to live has passed; the next
    /// freeze deletes them from the store. A lane does this at each marker, so it must stay short for any number of keys.
    pub(super) fn expire(&mut self) {
        for _ in 0..self.slots.len().min(LOOKED_AT) {
            self.swept = if self.swept + 1 < self.slots.len() {
                self.swept + 1
            } else {
                0
            };
            let slot = &self.slots[self.swept];
            if slot.live && !slot.dirty && self.expired(slot) {
                self.removed.push(slot.key.clone());
                self.drop_slot(self.swept as u32);
            }
        }
    }

    #[inline]
    fn find(&self, key: KeyRef<'_>) -> Option<u32> {
        let (slots, tag) = (&self.slots, key.hash() as u32);
        let is_it = |place: &Place| place.tag == tag && key.is(&slots[place.slot as usize].key);
        self.index.find(spread(key.hash()), is_it).map(|place| place.slot)
    }

    #[inline]
    fn expired(&self, slot: &Slot<S>) -> bool {
        self.now_ms.saturating_sub(slot.written_ms) > self.ttl_ms
    }

    fn insert(&mut self, key: KeyRef<'_>, value: S, written_ms: u64, touched: bool) -> u32 {
        let slot = Slot {
            hash: key.hash(),
            key: key.to_key(),
            value,
            written_ms,
            // A value from the store was not touched in this call, so its first touch keeps a copy.
            call: if touched {
                self.call
            } else {
                self.call.wrapping_sub(1)
            },
            dirty: touched,
            removed: false,
            live: true,
        };
        let i = match self.free.pop() {
            Some(i) => {
                self.slots[i as usize] = slot;
                i
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        let slots = &self.slots;
        let place = Place {
            slot: i,
            tag: key.hash() as u32,
        };
        self.index.insert_unique(spread(key.hash()), place, |place| {
            spread(slots[place.slot as usize].hash)
        });
        if touched {
            self.touched.push(Touched {
                slot: i,
                before: None,
            });
            self.dirty.push(i);
        }
        i
    }

    fn drop_slot(&mut self, i: u32) {
        let slot = &mut self.slots[i as usize];
        if let Ok(entry) = self.index.find_entry(spread(slot.hash), |place| place.slot == i) {
            entry.remove();
        }
        slot.live = false;
        slot.dirty = false;
        slot.value = S::default();
        self.free.push(i);
    }
}
