//! Reading what the last commit made durable.

use std::sync::Arc;

use bytes::Bytes;
use redb::{ReadableTable, ReadableTableMetadata, TableHandle};
use serde::de::DeserializeOwned;

use super::error::StoreError;
use super::handle::{Inner, Store, Table};
use super::key::TableKey;
use super::layout::{
    FLOWS, LETTERS, NOTES, PARKED, POSITIONS, behind, embedded_name, embedded_table, id_key, take_record,
    texts,
};
use super::record::{FlowRecord, Letter, LetterId, ParkedRow};
use crate::{Partition, Position};

impl Store {
    /// Where each partition of each source of a flow stands: (source, partition, position).
    pub fn positions(&self, flow: &str) -> Result<Vec<(String, Partition, Position)>, StoreError> {
        let mut found = Vec::new();
        self.prefix(POSITIONS.name(), &flow.key(), |inner, key, value| {
            let parts: Option<[String; 2]> = texts(key, 1).and_then(|texts| texts.try_into().ok());
            let [source, partition] = parts.ok_or_else(|| inner.corrupt("a position has a strange key"))?;
            found.push((source, Partition::new(partition), Position::new(value.to_vec())));
            Ok(())
        })?;
        Ok(found)
    }

    /// What connectors noted in the flow's last cut: (connector, note).
    pub fn notes(&self, flow: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut found = Vec::new();
        self.prefix(NOTES.name(), &flow.key(), |inner, key, value| {
            let parts: Option<[String; 1]> = texts(key, 1).and_then(|texts| texts.try_into().ok());
            let [conn] = parts.ok_or_else(|| inner.corrupt("a note has a strange key"))?;
            found.push((conn, value.to_vec()));
            Ok(())
        })?;
        Ok(found)
    }

    /// The flow's record; nothing if it never made a cut.
    pub fn record(&self, flow: &str) -> Result<Option<FlowRecord>, StoreError> {
        self.get(FLOWS.name(), &flow.key())?
            .map(|bytes| self.inner.record(&bytes))
            .transpose()
    }

    /// Every flow that ever made a cut, with its record.
    pub fn flows(&self) -> Result<Vec<(String, FlowRecord)>, StoreError> {
        let mut found = Vec::new();
        self.prefix(FLOWS.name(), &[], |inner, key, value| {
            let parts: Option<[String; 1]> = texts(key, 0).and_then(|texts| texts.try_into().ok());
            let [flow] = parts.ok_or_else(|| inner.corrupt("a flow has a strange key"))?;
            found.push((flow, inner.record(value)?));
            Ok(())
        })?;
        Ok(found)
    }

    /// A flow's dead letters, by id.
    pub fn letters(&self, flow: &str) -> Result<Vec<Letter>, StoreError> {
        let mut found = Vec::new();
        self.each_letter(flow, |letter| found.push(letter))?;
        Ok(found)
    }

    /// Hands over a flow's dead letters one by one.
    pub fn each_letter(&self, flow: &str, mut each: impl FnMut(Letter)) -> Result<(), StoreError> {
        self.prefix(LETTERS.name(), &flow.key(), |inner, _, value| {
            each(inner.record(value)?);
            Ok(())
        })
    }

    /// One dead letter of a flow.
    pub fn letter(&self, flow: &str, id: LetterId) -> Result<Option<Letter>, StoreError> {
        self.get(LETTERS.name(), &id_key(flow, id.0))?
            .map(|bytes| self.inner.record(&bytes))
            .transpose()
    }

    /// A flow's parked rows, by step, key and their order.
    pub fn parked(&self, flow: &str) -> Result<Vec<ParkedRow>, StoreError> {
        let mut found: Vec<ParkedRow> = Vec::new();
        self.prefix(PARKED.name(), &flow.key(), |inner, _, value| {
            found.push(inner.record(value)?);
            Ok(())
        })?;
        found.sort_by(|a, b| (&a.step, &a.key, a.seq).cmp(&(&b.step, &b.key, b.seq)));
        Ok(found)
    }

    /// The row under a key of an embedded table, as bytes.
    pub fn table_get(&self, table: &str, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.get(&embedded_table(table), key)
    }

    /// Hands over each row of an embedded table, in the order of the keys.
    pub fn table_scan(&self, table: &str, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        self.prefix(&embedded_table(table), &[], |_, key, value| {
            each(key, value);
            Ok(())
        })
    }

    /// The embedded tables and how many rows each has.
    pub fn table_names(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.tables(|name| embedded_name(name).map(str::to_owned))
    }

    pub(super) fn get(&self, table: &str, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let inner = &*self.inner;
        let Some(table) = inner.view()?.table(inner, table)? else {
            return Ok(None);
        };
        let found = table.get_owned(key).map_err(|error| inner.error(error))?;
        Ok(found.map(|value| Bytes::copy_from_slice(value.value())))
    }

    /// Hands over the rows whose key begins with `prefix`.
    pub(super) fn prefix(
        &self,
        table: &str,
        prefix: &[u8],
        each: impl FnMut(&Inner, &[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.range(table, prefix, behind(prefix).as_deref(), each)
    }

    /// Hands over the rows from the key `from` on, up to before `end`.
    pub(super) fn range(
        &self,
        table: &str,
        from: &[u8],
        end: Option<&[u8]>,
        mut each: impl FnMut(&Inner, &[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let inner = &*self.inner;
        let Some(table) = inner.view()?.table(inner, table)? else {
            return Ok(());
        };
        let table: Arc<Table> = table;
        let rows = match end {
            Some(end) => ReadableTable::range(&*table, from..end),
            None => ReadableTable::range(&*table, from..),
        };
        for row in rows.map_err(|error| inner.error(error))? {
            let (key, value) = row.map_err(|error| inner.error(error))?;
            each(inner, key.value(), value.value())?;
        }
        Ok(())
    }

    pub(super) fn tables<T>(&self, pick: impl Fn(&str) -> Option<T>) -> Result<Vec<(T, u64)>, StoreError> {
        let inner = &*self.inner;
        let view = inner.view()?;
        let mut found = Vec::new();
        for table in view.read.list_tables().map_err(|error| inner.error(error))? {
            if let Some(name) = pick(table.name())
                && let Some(open) = view.table(inner, table.name())?
            {
                found.push((name, open.len().map_err(|error| inner.error(error))?));
            }
        }
        Ok(found)
    }
}

impl Inner {
    pub(super) fn record<R: DeserializeOwned>(&self, bytes: &[u8]) -> Result<R, StoreError> {
        take_record(bytes).map_err(|what| self.corrupt(what))
    }
}
