//! Writing: cuts of any number of flows in one durable transaction, and forgetting a flow.

use std::collections::BTreeMap;
use std::sync::Arc;

use redb::{ReadableTable, TableHandle, WriteTransaction};

use super::cut::{FlowCut, LaneCut, ParkedWrite, StateWrite};
use super::error::StoreError;
use super::generation::Write;
use super::handle::{Inner, Store};
use super::key::TableKey;
use super::layout::{
    Bytes2, FLOWS, NOTES, PARKED, POSITIONS, STATES, behind, embedded_table, id_key, put_record, put_state,
    state_prefix, state_table,
};
use super::letters::{LetterStock, write_letters};
use super::tables::FrozenTables;

impl Store {
    /// Writes the cuts in one durable transaction: after a crash all of it is there, or nothing. Says for each cut what
    /// its flow has of dead letters then; nothing, where the cut says nothing of them.
    ///
    /// # Errors
    /// Nothing was written. After a full or failing disk the same call may be made again.
    pub fn commit(&self, cuts: &[FlowCut]) -> Result<Vec<Option<LetterStock>>, StoreError> {
        self.write(|write, inner| {
            let mut stocks = Vec::with_capacity(cuts.len());
            for cut in cuts {
                stocks.push(write_flow(write, inner, cut)?);
            }
            write_tables(write, inner, cuts)?;
            Ok(stocks)
        })
    }

    /// Forgets where a flow stood: its positions, state, parked rows, notes and record, in one transaction. Its dead
    /// letters and the embedded tables stay.
    pub fn forget(&self, flow: &str) -> Result<(), StoreError> {
        if !self.knows(flow)? {
            // Many new flows start faster without a transaction each.
            return Ok(());
        }
        self.write(|write, inner| {
            for table in [POSITIONS, NOTES, PARKED, STATES] {
                remove_prefix(write, inner, table, &flow.key())?;
            }
            put_all(write, inner, FLOWS, [(flow.key(), None::<Vec<u8>>)])?;
            let prefix = state_prefix(flow);
            let tables = write.list_tables().map_err(|error| inner.error(error))?;
            let gone: Vec<_> = tables.filter(|table| table.name().starts_with(&prefix)).collect();
            for table in gone {
                write.delete_table(table).map_err(|error| inner.error(error))?;
            }
            Ok(())
        })
    }

    /// Whether anything is stored that tells where a flow stood.
    fn knows(&self, flow: &str) -> Result<bool, StoreError> {
        for table in [FLOWS, POSITIONS, NOTES, PARKED, STATES] {
            let mut any = false;
            self.prefix(table.name(), &flow.key(), |_, _, _| {
                any = true;
                Ok(())
            })?;
            if any {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes an embedded table with all its rows; whether it was there.
    pub fn drop_table(&self, table: &str) -> Result<bool, StoreError> {
        let name = embedded_table(table);
        self.write(|write, inner| {
            write
                .delete_table(Bytes2::new(&name))
                .map_err(|error| inner.error(error))
        })
    }

    pub(super) fn write<T>(
        &self,
        fill: impl FnOnce(&WriteTransaction, &Inner) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let inner = &*self.inner;
        let _one_at_a_time = inner.committing.lock();
        let result = inner.db().and_then(|db| {
            let write = db.begin_write().map_err(|error| inner.error(error))?;
            let value = fill(&write, inner)?;
            write.commit().map_err(|error| inner.error(error))?;
            Ok(value)
        });
        if result.is_err() {
            // What was counted on the way is not so.
            inner.letters.lock().clear();
        }
        match &result {
            Err(StoreError::Io { .. }) => inner.give_up_database(),
            _ => inner.renew_view(),
        }
        result
    }
}

fn write_flow(
    write: &WriteTransaction,
    inner: &Inner,
    cut: &FlowCut,
) -> Result<Option<LetterStock>, StoreError> {
    let flow = cut.flow.as_str();
    let positions = cut.positions.iter().map(|(source, partition, position)| {
        (
            (flow, source, partition.as_str()).key(),
            Some(position.as_bytes().to_vec()),
        )
    });
    put_all(write, inner, POSITIONS, positions)?;
    let notes = cut
        .notes
        .iter()
        .map(|(conn, note)| ((flow, conn).key(), Some(note)));
    put_all(write, inner, NOTES, notes)?;
    put_all(write, inner, FLOWS, [(flow.key(), Some(put_record(&cut.record)))])?;
    let states = cut
        .states
        .iter()
        .map(|(step, state)| ((flow, &**step).key(), Some(put_record(state))));
    put_all(write, inner, STATES, states)?;
    let stock = write_letters(write, inner, cut)?;
    let parked = sorted(
        &cut.lanes,
        |lane| &lane.parked,
        |one| match one {
            ParkedWrite::Put(row) => (id_key(flow, row.id.0), Some(put_record(row))),
            ParkedWrite::Remove(id) => (id_key(flow, id.0), None),
        },
    );
    put_all(write, inner, PARKED, parked)?;
    write_state(write, inner, cut)?;
    Ok(stock)
}

fn write_tables(write: &WriteTransaction, inner: &Inner, cuts: &[FlowCut]) -> Result<(), StoreError> {
    let mut tables: BTreeMap<&str, Vec<&Write>> = BTreeMap::new();
    let lanes = cuts.iter().flat_map(|cut| &cut.lanes);
    for (table, writes) in lanes.flat_map(|lane| &lane.tables).flat_map(FrozenTables::tables) {
        tables.entry(table).or_default().extend(writes);
    }
    for (table, mut writes) in tables {
        // Insertion is far faster in the order of the keys; of the writes to a key the last one counts.
        // What lanes write is often in order already, which a stable sort makes use of.
        writes.sort_by(|a, b| a.key().cmp(b.key()).then(b.seq.cmp(&a.seq)));
        writes.dedup_by(|later, first| later.key() == first.key());
        let name = embedded_table(table);
        let rows = writes.into_iter().map(|one| (one.key(), one.value()));
        put_all(write, inner, Bytes2::new(&name), rows)?;
    }
    Ok(())
}

fn write_state(write: &WriteTransaction, inner: &Inner, cut: &FlowCut) -> Result<(), StoreError> {
    let mut steps: BTreeMap<&Arc<str>, Vec<&StateWrite>> = BTreeMap::new();
    for one in cut.lanes.iter().flat_map(|lane| &lane.state) {
        steps.entry(&one.step).or_default().push(one);
    }
    for (step, mut writes) in steps {
        // Stable, so the later of two writes to a key wins.
        writes.sort_by(|a, b| (a.group, &a.key).cmp(&(b.group, &b.key)));
        let name = state_table(&cut.flow, step);
        let rows = writes.into_iter().map(|one| {
            let mut key = Vec::with_capacity(1 + one.key.len());
            key.push(one.group);
            key.extend_from_slice(&one.key);
            (key, one.value.as_ref().map(put_state))
        });
        put_all(write, inner, Bytes2::new(&name), rows)?;
    }
    Ok(())
}

type Row = (Vec<u8>, Option<Vec<u8>>);

/// The writes of all lanes as rows, in the order of their keys; a key's later write comes later.
fn sorted<'a, W: 'a>(
    lanes: &'a [LaneCut],
    writes: impl Fn(&'a LaneCut) -> &'a Vec<W>,
    row: impl Fn(&'a W) -> Row,
) -> Vec<Row> {
    let mut rows: Vec<Row> = lanes.iter().flat_map(&writes).map(row).collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

pub(super) fn put_all<K: AsRef<[u8]>, V: AsRef<[u8]>>(
    write: &WriteTransaction,
    inner: &Inner,
    table: Bytes2<'_>,
    rows: impl IntoIterator<Item = (K, Option<V>)>,
) -> Result<(), StoreError> {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let mut table = write.open_table(table).map_err(|error| inner.error(error))?;
    for (key, value) in rows {
        match value {
            Some(value) => table.insert(key.as_ref(), value.as_ref()).map(drop),
            None => table.remove(key.as_ref()).map(drop),
        }
        .map_err(|error| inner.error(error))?;
    }
    Ok(())
}

fn remove_prefix(
    write: &WriteTransaction,
    inner: &Inner,
    table: Bytes2<'_>,
    prefix: &[u8],
) -> Result<(), StoreError> {
    let mut table = write.open_table(table).map_err(|error| inner.error(error))?;
    let keys = match behind(prefix) {
        Some(end) => table.range(prefix..end.as_slice()),
        None => table.range(prefix..),
    };
    let keys: Result<Vec<Vec<u8>>, _> = keys
        .map_err(|error| inner.error(error))?
        .map(|row| row.map(|(key, _)| key.value().to_vec()))
        .collect();
    for key in keys.map_err(|error| inner.error(error))? {
        table.remove(key.as_slice()).map_err(|error| inner.error(error))?;
    }
    Ok(())
}
