//! The embedded tables as a flow sees them: the last cut, and above it the writes that no cut holds yet.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bytes::Bytes;
use foldhash::fast::RandomState;
use parking_lot::{Mutex, RwLock};

use super::cut::{LaneCut, TableWrite};
use super::error::StoreError;
use super::handle::Store;
use super::overlay::{Overlay, Slot, Write};
use crate::LaneLog;

/// The embedded tables of one flow. Its lanes read each other's uncut writes; other flows see the last cut.
///
/// A flow has one cut on its way at a time: the lanes freeze, the store commits, [`durable`](FlowTables::durable) is
/// told, and only then the lanes freeze again.
#[derive(Clone)]
pub struct FlowTables {
    inner: Arc<Flow>,
}

struct Flow {
    store: Store,
    overlays: RwLock<HashMap<Arc<str>, Arc<Overlay>, RandomState>>,
    lanes: AtomicU32,
    /// The number of the last write.
    seq: AtomicU64,
    /// For each lane the number up to which its writes are durable.
    durable: RwLock<HashMap<u32, u64>>,
}

impl FlowTables {
    /// The tables of a flow that starts.
    pub fn new(store: Store) -> Self {
        FlowTables {
            inner: Arc::new(Flow {
                store,
                overlays: RwLock::default(),
                lanes: AtomicU32::new(0),
                seq: AtomicU64::new(0),
                durable: RwLock::default(),
            }),
        }
    }

    /// The tables as one more lane sees and writes them.
    pub fn lane(&self) -> LaneTables {
        let lane = self.inner.lanes.fetch_add(1, Ordering::Relaxed);
        LaneTables {
            inner: Arc::new(Lane {
                flow: Arc::clone(&self.inner),
                lane,
                log: Mutex::default(),
            }),
            retired: 0,
        }
    }

    /// These cuts of the flow's lanes are durable: their writes are read from the store from now on.
    pub fn durable(&self, cuts: &[LaneCut]) {
        for frozen in cuts.iter().flat_map(|cut| &cut.tables) {
            // A rollback that runs now brings back a write that is taken out below; a later one knows better.
            self.inner.durable.write().insert(frozen.lane, frozen.upto);
            for Touched { table, key, .. } in &frozen.touched {
                self.inner.overlay(table).durable(key, frozen.lane, frozen.upto);
            }
        }
    }

    /// How many keys have writes that are not durable yet.
    #[cfg(test)]
    pub(super) fn uncut(&self) -> usize {
        self.inner
            .overlays
            .read()
            .values()
            .map(|overlay| overlay.len())
            .sum()
    }
}

impl fmt::Debug for FlowTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowTables")
            .field("store", &self.inner.store)
            .finish_non_exhaustive()
    }
}

/// The embedded tables as one lane sees and writes them. Clones are the same lane.
#[derive(Clone)]
pub struct LaneTables {
    inner: Arc<Lane>,
    /// How often the lane had been retired when this was made for a client; a later retirement is the client's too.
    retired: u64,
}

struct Lane {
    flow: Arc<Flow>,
    lane: u32,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    /// What the first touch of each key in a call replaced, oldest first.
    undo: Vec<Undo>,
    /// Undo entries dropped since the start, so that marks stay valid.
    dropped: u64,
    /// The flow's write number at the last mark: a slot above it is in `undo` already.
    marked: u64,
    /// The first write to each key since the last freeze; a key may come twice.
    touched: Vec<Touched>,
    /// Whether a key was written again or a write was taken back since the last freeze, so that `touched` does not tell
    /// the last writes.
    changed: bool,
    /// The flow's write number at the last freeze.
    frozen: u64,
    /// How often clients were retired.
    retired: u64,
}

impl Log {
    /// How many undo entries a mark leaves.
    fn index(&self, mark: u64) -> usize {
        usize::try_from(mark.saturating_sub(self.dropped)).unwrap_or(usize::MAX)
    }
}

/// A write to a key that the lane had not written to since the last freeze.
#[derive(Clone)]
struct Touched {
    table: Arc<str>,
    key: Bytes,
    write: Write,
}

struct Undo {
    table: Arc<str>,
    key: Bytes,
    former: Option<Slot>,
}

impl LaneTables {
    /// The tables for a new client: what it writes counts until the next time that the lane is
    /// [retired](LaneLog::retire).
    #[must_use]
    pub fn for_client(&self) -> LaneTables {
        LaneTables {
            inner: Arc::clone(&self.inner),
            retired: self.inner.log.lock().retired,
        }
    }

    /// The row under a key, uncut writes of the flow included.
    pub fn get(&self, table: &str, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        match self
            .inner
            .flow
            .overlay_if_any(table)
            .and_then(|overlay| overlay.get(key))
        {
            Some(newest) => Ok(newest),
            None => self.inner.flow.store.table_get(table, key),
        }
    }

    /// Puts a row under a key.
    pub fn put(&self, table: &Arc<str>, key: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.write(table, [(key.into(), Some(value.into()))]);
    }

    /// Removes what is under a key.
    pub fn delete(&self, table: &Arc<str>, key: impl Into<Bytes>) {
        self.write(table, [(key.into(), None)]);
    }

    /// Puts and removes many rows.
    pub fn write(&self, table: &Arc<str>, rows: impl IntoIterator<Item = (Bytes, Option<Bytes>)>) {
        let Lane { flow, lane, log } = &*self.inner;
        let overlay = flow.overlay(table);
        let mut log = log.lock();
        if log.retired != self.retired {
            // The call that writes was given up, and its result is another's by now.
            return;
        }
        for (key, value) in rows {
            let seq = flow.seq.fetch_add(1, Ordering::Relaxed) + 1;
            let write = Write { seq, value };
            let former = overlay.put(&key, *lane, log.frozen, write.clone());
            let former_seq = former.as_ref().map_or(0, Slot::seq);
            if former_seq <= log.frozen {
                log.touched.push(Touched {
                    table: Arc::clone(table),
                    key: key.clone(),
                    write,
                });
            } else {
                log.changed = true;
            }
            if former_seq <= log.marked {
                log.undo.push(Undo {
                    table: Arc::clone(table),
                    key,
                    former,
                });
            }
        }
    }

    /// Every row of a table in the order of the keys, uncut writes of the flow included.
    pub fn scan(&self, table: &str, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        // The uncut writes are looked at first: what is durable in between is then found in the store.
        let uncut: BTreeMap<Bytes, Option<Bytes>> = self
            .inner
            .flow
            .overlay_if_any(table)
            .map_or_else(BTreeMap::new, |overlay| overlay.all().into_iter().collect());
        let mut uncut = uncut.into_iter().peekable();
        self.inner.flow.store.table_scan(table, |key, value| {
            while let Some((new, row)) = uncut.next_if(|(new, _)| new.as_ref() < key) {
                if let Some(row) = row {
                    each(&new, &row);
                }
            }
            match uncut.next_if(|(new, _)| new.as_ref() == key) {
                Some((_, Some(row))) => each(key, &row),
                Some((_, None)) => {}
                None => each(key, value),
            }
        })?;
        for (key, row) in uncut {
            if let Some(row) = row {
                each(&key, &row);
            }
        }
        Ok(())
    }
}

impl LaneLog for LaneTables {
    fn mark(&self) -> u64 {
        let mut log = self.inner.log.lock();
        log.marked = self.inner.flow.seq.load(Ordering::Relaxed);
        log.dropped + log.undo.len() as u64
    }

    fn rollback(&self, mark: u64) {
        let Lane { flow, lane, log } = &*self.inner;
        let mut log = log.lock();
        let keep = log.index(mark);
        let durable = flow.durable.read();
        let upto = durable.get(lane).copied().unwrap_or(0);
        while log.undo.len() > keep {
            let Some(Undo { table, key, former }) = log.undo.pop() else {
                break;
            };
            // A former write that became durable meanwhile is found in the store.
            let former = former.filter(|slot| slot.seq() > upto);
            flow.overlay(&table).undo(&key, *lane, former);
            log.changed = true;
        }
        // What was rolled back is above every slot that is left, so the next touch is noted again.
        log.marked = flow.seq.load(Ordering::Relaxed);
    }

    fn retire(&self) {
        self.inner.log.lock().retired += 1;
    }

    fn release(&self, mark: u64) {
        let mut log = self.inner.log.lock();
        let keep = log.index(mark);
        log.undo.truncate(keep);
    }

    fn freeze(&self, cut: &mut LaneCut) {
        let Lane { flow, lane, log } = &*self.inner;
        let mut log = log.lock();
        let upto = flow.seq.load(Ordering::Relaxed);
        cut.tables.push(FrozenTables {
            flow: Arc::clone(flow),
            lane: *lane,
            from: log.frozen,
            upto,
            touched: std::mem::take(&mut log.touched),
            changed: std::mem::take(&mut log.changed),
        });
        log.dropped += log.undo.len() as u64;
        log.undo.clear();
        log.frozen = upto;
        log.marked = upto;
    }
}

/// What one lane wrote to embedded tables between two freezes. The values are taken when the cut is written, beside the
/// lanes, so freezing costs the same for any number of keys.
#[derive(Clone)]
pub struct FrozenTables {
    flow: Arc<Flow>,
    lane: u32,
    from: u64,
    upto: u64,
    /// Keys that were written, possibly twice or rolled back.
    touched: Vec<Touched>,
    /// Whether the last write to a key may be another than the one in `touched`.
    changed: bool,
}

impl FrozenTables {
    /// The last write to each table and key; a key may come twice with the same write. Until the cut is durable only.
    ///
    /// Where no key was written twice, by this lane or by two, the values are at hand and nothing is looked up.
    pub fn writes(&self) -> impl Iterator<Item = TableWrite> + '_ {
        let lookup = self.changed
            || self
                .flow
                .overlays
                .read()
                .values()
                .any(|overlay| overlay.is_shared());
        self.touched
            .iter()
            .filter_map(move |Touched { table, key, write }| {
                let Write { seq, value } = if lookup {
                    self.flow
                        .overlay(table)
                        .frozen(key, self.lane, self.from, self.upto)?
                } else {
                    write.clone()
                };
                Some(TableWrite {
                    table: Arc::clone(table),
                    key: key.clone(),
                    value,
                    seq,
                })
            })
    }
}

impl fmt::Debug for FrozenTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrozenTables")
            .field("lane", &self.lane)
            .field("keys", &self.touched.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LaneTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaneTables")
            .field("lane", &self.inner.lane)
            .finish_non_exhaustive()
    }
}

impl Flow {
    fn overlay_if_any(&self, table: &str) -> Option<Arc<Overlay>> {
        self.overlays.read().get(table).cloned()
    }

    fn overlay(&self, table: &Arc<str>) -> Arc<Overlay> {
        if let Some(overlay) = self.overlay_if_any(table) {
            return overlay;
        }
        Arc::clone(self.overlays.write().entry(Arc::clone(table)).or_default())
    }
}

#[cfg(test)]
mod tests;
