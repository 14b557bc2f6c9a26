//! The connector kind `table`: rows by key in the embedded store, the default for Save and Load.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{StoreError, TableKey, TableRows, show_key};
use crate::{ConnError, ConnSpec, Connector, ErrorClass, LaneContext, LaneTables};

/// A keyed table in the embedded store, `type: table`. `key:` is its name; by default the connector's.
///
/// A flow reads its own writes at once; everybody else sees them when the next cut is durable. A call that fails leaves
/// nothing behind.
#[derive(Debug)]
pub struct Table {
    name: Arc<str>,
}

impl Connector for Table {
    const KIND: &'static str = "table";
    const ATOMIC_BATCH: bool = true;
    const CUTS: bool = true;
    type Params = ();
    type Client = TableClient;

    async fn open(spec: ConnSpec<()>) -> Result<Self, ConnError> {
        let name = spec.key.filter(|key| !key.is_empty()).unwrap_or(spec.name);
        Ok(Table {
            name: Arc::from(name),
        })
    }

    fn client(&self, lane: &LaneContext) -> TableClient {
        TableClient {
            name: Arc::clone(&self.name),
            tables: lane.tables().for_client(),
        }
    }
}

/// What a step reads and writes a [`Table`] with. Its calls do not wait, so they suit functions that are not `async`.
///
/// ```
/// use kis_conn::{Connector, ConnSpec, FlowTables, LaneContext, Store, Table};
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Airline { name: String }
/// # let rt = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # rt.block_on(async {
/// # let store = Store::in_memory();
/// # let spec = ConnSpec { name: "Airlines".into(), place: None, addrs: vec![], key: None, params: (), base: "".into(), store: store.clone() };
/// # let table = Table::open(spec).await?;
/// # let lane = LaneContext::new("flow", 0, 1, FlowTables::new(store).lane());
/// let airlines = table.client(&lane);
/// airlines.put("UA", &Airline { name: "United".into() })?;
/// let united: Option<Airline> = airlines.get("UA")?;
/// assert_eq!(united.unwrap().name, "United");
/// # Ok::<(), kis_conn::ConnError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct TableClient {
    name: Arc<str>,
    tables: LaneTables,
}

impl TableClient {
    /// The table's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The row under a key.
    ///
    /// # Errors
    /// Fatal, if the row is of another type.
    pub fn get<R: DeserializeOwned>(&self, key: impl TableKey) -> Result<Option<R>, ConnError> {
        let key = key.key();
        self.tables
            .get(&self.name, &key)?
            .map(|row| self.row(&key, &row))
            .transpose()
    }

    /// The rows under many keys, in the order of the keys.
    ///
    /// # Errors
    /// As [`get`](TableClient::get).
    pub fn get_many<R: DeserializeOwned, K: TableKey>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Vec<Option<R>>, ConnError> {
        keys.into_iter().map(|key| self.get(key)).collect()
    }

    /// Puts a row under a key, in place of what was there.
    ///
    /// # Errors
    /// Reject, if the row cannot be written.
    pub fn put<R: Serialize + ?Sized>(&self, key: impl TableKey, row: &R) -> Result<(), ConnError> {
        self.put_all([(key, row)])
    }

    /// Puts many rows; a later row takes the place of an earlier one under its key. If one cannot be written, none is.
    ///
    /// # Errors
    /// As [`put`](TableClient::put).
    pub fn put_all<'a, K: TableKey, R: Serialize + ?Sized + 'a>(
        &self,
        rows: impl IntoIterator<Item = (K, &'a R)>,
    ) -> Result<(), ConnError> {
        let mut all = TableRows::default();
        for (key, row) in rows {
            all.put(&key, |to| rmp_serde::encode::write_named(to, row))
                .map_err(|error| self.cannot_write(&key.key(), &error))?;
        }
        self.tables.write(&self.name, all);
        Ok(())
    }

    /// Removes what is under a key.
    pub fn delete(&self, key: impl TableKey) {
        self.tables.delete(&self.name, &key);
    }

    /// All rows with their keys as text, in the order of the keys: numbers by size, texts by their bytes.
    ///
    /// # Errors
    /// As [`get`](TableClient::get).
    pub fn scan<R: DeserializeOwned>(&self) -> Result<Vec<(String, R)>, ConnError> {
        let mut rows = Vec::new();
        let mut failed = None;
        self.tables
            .scan(&self.name, |key, row| match self.row(key, row) {
                Ok(row) => rows.push((show_key(key), row)),
                Err(error) => failed = failed.take().or(Some(error)),
            })?;
        failed.map_or(Ok(rows), Err)
    }

    fn row<R: DeserializeOwned>(&self, key: &[u8], row: &[u8]) -> Result<R, ConnError> {
        rmp_serde::from_slice(row).map_err(|error| {
            let (table, key, wanted) = (&self.name, show_key(key), short::<R>());
            let message = format!(
                "table {table}, key {key}: the row there is not a {wanted}: {error}; it was saved with another type"
            );
            ConnError::fatal("row_type", message)
        })
    }

    fn cannot_write(&self, key: &[u8], error: &rmp_serde::encode::Error) -> ConnError {
        let message = format!(
            "table {}, key {}: the row cannot be written: {error}",
            self.name,
            show_key(key)
        );
        ConnError::new(ErrorClass::Reject, "cannot_be_written", message)
    }
}

impl fmt::Debug for TableClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableClient({})", self.name)
    }
}

/// A row of an embedded table as JSON, for people.
///
/// # Errors
/// The bytes are not a row.
pub fn row_as_json(row: &[u8]) -> Result<serde_json::Value, StoreError> {
    rmp_serde::from_slice(row).map_err(|error| StoreError::Corrupt {
        file: "(row)".into(),
        what: error.to_string(),
    })
}

/// A type's name without its path.
fn short<R>() -> &'static str {
    let name = std::any::type_name::<R>();
    name.rsplit("::").next().unwrap_or(name)
}

#[cfg(test)]
mod tests;
