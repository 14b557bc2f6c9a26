//! The embedded tables as a flow sees them: the last cut, and above it the writes that no cut holds yet.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use foldhash::fast::RandomState;
use parking_lot::{Mutex, RwLock};

use super::error::StoreError;
use super::generation::{self, Generation, Row, Write};
use super::handle::Store;
use super::key::TableKey;
use super::writes::TableRows;
use crate::{LaneCut, LaneLog};

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
    hasher: RandomState,
    /// What the lanes wrote. Readers look through all of them at one moment.
    lanes: RwLock<Vec<Arc<Lane>>>,
    /// The number of the last write.
    seq: AtomicU64,
    /// The bytes of writes that are not frozen, and of those that are and are not durable.
    pending: AtomicU64,
    frozen: AtomicU64,
}

impl FlowTables {
    /// The tables of a flow that starts.
    pub fn new(store: Store) -> Self {
        FlowTables {
            inner: Arc::new(Flow {
                store,
                hasher: RandomState::default(),
                lanes: RwLock::default(),
                seq: AtomicU64::new(0),
                pending: AtomicU64::new(0),
                frozen: AtomicU64::new(0),
            }),
        }
    }

    /// The tables as one more lane sees and writes them.
    pub fn lane(&self) -> LaneTables {
        let lane = Arc::<Lane>::default();
        self.inner.lanes.write().push(Arc::clone(&lane));
        LaneTables {
            flow: Arc::clone(&self.inner),
            lane,
            retired: 0,
        }
    }

    /// These cuts of the flow's lanes are durable: their writes are read from the store from now on.
    pub fn durable(&self, cuts: &[LaneCut]) {
        let frozen: Vec<&FrozenTables> = cuts.iter().flat_map(|cut| &cut.tables).collect();
        let upto = frozen.iter().map(|frozen| frozen.upto).max().unwrap_or(0);
        let mut bytes = 0;
        // What a reader finds in one lane depends on what is gone in another one.
        let lanes = self.inner.lanes.write();
        for lane in &*lanes {
            let mut log = lane.log.lock();
            for (name, now) in &mut log.now.tables {
                let others: Vec<&Generation> = frozen
                    .iter()
                    .filter(|frozen| !Arc::ptr_eq(&frozen.lane, lane))
                    .filter_map(|frozen| frozen.writes.table(name))
                    .collect();
                if !others.is_empty() {
                    now.overtake(upto, |key| {
                        let hash = generation::hash(&self.inner.hasher, key);
                        let seq = |of: &&Generation| of.get(hash, key).map_or(0, |write| write.seq);
                        others.iter().map(seq).max().unwrap_or(0)
                    });
                }
            }
            for frozen in frozen.iter().filter(|frozen| Arc::ptr_eq(&frozen.lane, lane)) {
                log.frozen.retain(|writes| !Arc::ptr_eq(writes, &frozen.writes));
                bytes += frozen.writes.bytes;
            }
        }
        drop(lanes);
        self.inner.frozen.fetch_sub(bytes, Relaxed);
    }

    /// How many bytes of memory the writes take, roughly, that belong to no cut yet.
    pub fn pending_bytes(&self) -> u64 {
        self.inner.pending.load(Relaxed)
    }

    /// How many bytes of memory the writes take, roughly, that are not durable.
    pub fn uncut_bytes(&self) -> u64 {
        self.pending_bytes() + self.inner.frozen.load(Relaxed)
    }

    /// How many keys of a table have writes that are not durable yet.
    #[cfg(test)]
    pub(super) fn uncut(&self, table: &str) -> usize {
        self.inner.uncut(table).len()
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
    flow: Arc<Flow>,
    lane: Arc<Lane>,
    /// How often the lane had been retired when this was made for a client; a later retirement is the client's too.
    retired: u64,
}

#[derive(Default)]
struct Lane {
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    /// What was written since the last freeze.
    now: Writes,
    /// What was frozen and is not durable yet.
    frozen: Vec<Arc<Writes>>,
    /// What the first touch of each key in a call replaced, oldest first.
    undo: Vec<Undo>,
    /// Undo entries dropped since the start, so that marks stay valid.
    dropped: u64,
    /// The flow's write number at the last mark: a write above it is in `undo` already.
    marked: u64,
    /// How often clients were retired.
    retired: u64,
}

/// What a lane wrote to its tables between two freezes.
#[derive(Default)]
struct Writes {
    tables: Vec<(Arc<str>, Generation)>,
    bytes: u64,
}

struct Undo {
    /// The table's place among those of the lane.
    table: usize,
    row: u32,
    former: Option<Write>,
}

impl LaneTables {
    /// The tables for a new client: what it writes counts until the next time that the lane is
    /// [retired](LaneLog::retire).
    #[must_use]
    pub fn for_client(&self) -> LaneTables {
        LaneTables {
            retired: self.lane.log.lock().retired,
            ..self.clone()
        }
    }

    /// The row under a key, uncut writes of the flow included.
    pub fn get(&self, table: &str, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        match self.flow.newest(table, key) {
            Some(newest) => Ok(newest),
            None => self.flow.store.table_get(table, key),
        }
    }

    /// Removes what is under a key.
    pub fn delete(&self, table: &Arc<str>, key: &(impl TableKey + ?Sized)) {
        let mut rows = TableRows::default();
        rows.remove(key);
        self.write(table, rows);
    }

    /// Puts and removes many rows.
    pub fn write(&self, table: &Arc<str>, rows: TableRows) {
        let flow = &self.flow;
        let mut log = self.lane.log.lock();
        if log.retired != self.retired {
            // The call that writes was given up, and its result is another's by now.
            return;
        }
        let Log {
            now, undo, marked, ..
        } = &mut *log;
        now.bytes += rows.bytes();
        flow.pending.fetch_add(rows.bytes(), Relaxed);
        let first = flow.seq.fetch_add(rows.len() as u64, Relaxed) + 1;
        let table = now.place(table);
        let generation = &mut now.tables[table].1;
        for write in rows.writes(first) {
            let hash = generation::hash(&flow.hasher, write.key());
            let (row, former) = generation.put(hash, write);
            if former.as_ref().is_none_or(|former| former.seq <= *marked) {
                undo.push(Undo { table, row, former });
            }
        }
    }

    /// Every row of a table in the order of the keys, uncut writes of the flow included.
    pub fn scan(&self, table: &str, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        // The uncut writes are looked at first: what is durable in between is then found in the store.
        let uncut = self.flow.uncut(table);
        let mut uncut = uncut.values().peekable();
        self.flow.store.table_scan(table, |key, value| {
            while let Some(new) = uncut.next_if(|new| new.key() < key) {
                if let Some(row) = new.value() {
                    each(new.key(), row);
                }
            }
            match uncut.next_if(|new| new.key() == key) {
                Some(new) => {
                    if let Some(row) = new.value() {
                        each(key, row);
                    }
                }
                None => each(key, value),
            }
        })?;
        for new in uncut {
            if let Some(row) = new.value() {
                each(new.key(), row);
            }
        }
        Ok(())
    }
}

impl LaneLog for LaneTables {
    fn mark(&self) -> u64 {
        let mut log = self.lane.log.lock();
        log.marked = self.flow.seq.load(Relaxed);
        log.dropped + log.undo.len() as u64
    }

    fn rollback(&self, mark: u64) {
        let mut log = self.lane.log.lock();
        let keep = log.index(mark);
        let Log { now, undo, .. } = &mut *log;
        for Undo { table, row, former } in undo.drain(keep.min(undo.len())..).rev() {
            now.tables[table].1.undo(row, former, &self.flow.hasher);
        }
        // What was rolled back is above every write that is left, so the next touch is noted again.
        log.marked = self.flow.seq.load(Relaxed);
    }

    fn retire(&self) {
        self.lane.log.lock().retired += 1;
    }

    fn release(&self, mark: u64) {
        let mut log = self.lane.log.lock();
        let keep = log.index(mark);
        log.undo.truncate(keep);
    }

    fn freeze(&self, cut: &mut LaneCut) {
        let mut log = self.lane.log.lock();
        let upto = self.flow.seq.load(Relaxed);
        log.dropped += log.undo.len() as u64;
        log.undo.clear();
        log.marked = upto;
        let writes = Arc::new(std::mem::take(&mut log.now));
        if !writes.tables.is_empty() {
            log.frozen.push(Arc::clone(&writes));
        }
        self.flow.frozen.fetch_add(writes.bytes, Relaxed);
        self.flow.pending.fetch_sub(writes.bytes, Relaxed);
        cut.tables.push(FrozenTables {
            lane: Arc::clone(&self.lane),
            writes,
            upto,
        });
    }
}

/// What one lane wrote to embedded tables between two freezes. Freezing costs the same for any number of keys.
#[derive(Clone)]
pub struct FrozenTables {
    lane: Arc<Lane>,
    writes: Arc<Writes>,
    upto: u64,
}

impl FrozenTables {
    /// The tables with their last writes to each key that count.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &Write>)> {
        let tables = self.writes.tables.iter();
        tables.map(|(name, writes)| (&**name, writes.rows().iter().filter_map(Row::write)))
    }
}

impl fmt::Debug for FrozenTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrozenTables")
            .field("upto", &self.upto)
            .field("bytes", &self.writes.bytes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LaneTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaneTables").finish_non_exhaustive()
    }
}

impl Log {
    /// How many undo entries a mark leaves.
    fn index(&self, mark: u64) -> usize {
        usize::try_from(mark.saturating_sub(self.dropped)).unwrap_or(usize::MAX)
    }

    /// What the lane wrote to a table and is not durable.
    fn generations<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a Generation> {
        let frozen = self.frozen.iter().map(|writes| &**writes);
        frozen
            .chain([&self.now])
            .filter_map(move |writes| writes.table(table))
    }
}

impl Writes {
    fn table(&self, name: &str) -> Option<&Generation> {
        let found = self.tables.iter().find(|(of, _)| **of == *name);
        found.map(|(_, generation)| generation)
    }

    /// The place of a table, which is made if there is none.
    fn place(&mut self, name: &Arc<str>) -> usize {
        let found = self.tables.iter().position(|(of, _)| of == name);
        found.unwrap_or_else(|| {
            self.tables.push((Arc::clone(name), Generation::default()));
            self.tables.len() - 1
        })
    }
}

impl Flow {
    /// The newest uncut write to a key: nothing if there is none, `Some(None)` if it removed the key.
    fn newest(&self, table: &str, key: &[u8]) -> Option<Option<Bytes>> {
        let hash = generation::hash(&self.hasher, key);
        let mut newest: Option<(u64, Option<Bytes>)> = None;
        for lane in &*self.lanes.read() {
            let log = lane.log.lock();
            for write in log.generations(table).filter_map(|of| of.get(hash, key)) {
                if newest.as_ref().is_none_or(|(seq, _)| *seq < write.seq) {
                    newest = Some((write.seq, write.shared_value()));
                }
            }
        }
        newest.map(|(_, value)| value)
    }

    /// The newest uncut write to each key of a table.
    fn uncut(&self, table: &str) -> BTreeMap<Bytes, Write> {
        let mut uncut: BTreeMap<Bytes, Write> = BTreeMap::new();
        for lane in &*self.lanes.read() {
            let log = lane.log.lock();
            for write in log
                .generations(table)
                .flat_map(Generation::rows)
                .filter_map(Row::write)
            {
                let newest = uncut.entry(write.shared_key()).or_insert_with(|| write.clone());
                if newest.seq < write.seq {
                    *newest = write.clone();
                }
            }
        }
        uncut
    }
}

#[cfg(test)]
mod tests;
