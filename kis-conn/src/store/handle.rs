//! The shared handle of the store: the open database, and the view of its last commit that reads go through.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use redb::{Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, TableError};

use super::error::StoreError;
use super::layout::Bytes2;
use super::lock::Lock;
use super::open;

/// The embedded store. Cheap to clone; the file stays open and locked until the last clone is dropped.
///
/// Its methods block: they read from memory or disk, and [`commit`](Store::commit) waits for the disk.
///
/// ```
/// use kis_conn::store::{FlowCut, Store};
/// let store = Store::in_memory();
/// store.commit(&[FlowCut { flow: "Scores".into(), ..FlowCut::default() }])?;
/// assert!(store.record("Scores")?.is_some());
/// # Ok::<(), kis_conn::store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct Store {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    /// The file, for messages.
    pub(super) file: PathBuf,
    /// Opens the file again after the disk failed; memory does not fail.
    reopen: Option<Reopen>,
    /// Nothing while it must be opened again after the disk failed.
    db: RwLock<Option<Arc<Database>>>,
    view: RwLock<Option<Arc<View>>>,
    /// One commit at a time.
    pub(super) committing: Mutex<()>,
    /// How many dead letters a flow has, for flows that were asked for.
    pub(super) letters: Mutex<HashMap<String, u64>>,
    /// Behind the database, so that it is given back last.
    _lock: Option<Lock>,
}

type Reopen = Box<dyn Fn() -> Result<Database, StoreError> + Send + Sync>;

impl Store {
    /// Opens the store in this folder, which is made if it is missing.
    ///
    /// # Errors
    /// Another process has it open (its pid is named); the file is broken, of another version or not a store at all
    /// (it is left as it is); the operating system refuses.
    pub fn open(dir: &Path) -> Result<Store, StoreError> {
        let lock = Lock::take(dir)?;
        let file = dir.join(open::FILE);
        let path = file.clone();
        Store::with(file, Box::new(move || open::open(&path)), Some(lock))
    }

    /// Whether there is a store in this folder.
    pub fn is_in(dir: &Path) -> bool {
        dir.join(open::FILE).exists()
    }

    /// A store that lives in memory alone, for tests.
    pub fn in_memory() -> Store {
        Store::of(PathBuf::from("(memory)"), open::in_memory(), None, None)
    }

    /// The folder the store lies in; nothing for one in memory.
    pub fn dir(&self) -> Option<&Path> {
        self.inner.file.parent().filter(|_| self.inner.reopen.is_some())
    }

    /// A store whose database is opened, now and after failures of the disk, by `open`.
    pub(super) fn with(file: PathBuf, open: Reopen, lock: Option<Lock>) -> Result<Store, StoreError> {
        let db = open()?;
        Ok(Store::of(file, db, Some(open), lock))
    }

    fn of(file: PathBuf, db: Database, reopen: Option<Reopen>, lock: Option<Lock>) -> Store {
        Store {
            inner: Arc::new(Inner {
                file,
                reopen,
                db: RwLock::new(Some(Arc::new(db))),
                view: RwLock::new(None),
                committing: Mutex::new(()),
                letters: Mutex::default(),
                _lock: lock,
            }),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.inner.file.display())
    }
}

impl Inner {
    pub(super) fn error(&self, error: impl Into<redb::Error>) -> StoreError {
        StoreError::of(&self.file, error)
    }

    pub(super) fn corrupt(&self, what: impl Into<String>) -> StoreError {
        StoreError::Corrupt {
            file: self.file.clone(),
            what: what.into(),
        }
    }

    /// The database. After the disk failed it is opened again, since it refuses everything else.
    pub(super) fn db(&self) -> Result<Arc<Database>, StoreError> {
        if let Some(db) = &*self.db.read() {
            return Ok(Arc::clone(db));
        }
        let mut slot = self.db.write();
        if let Some(db) = &*slot {
            return Ok(Arc::clone(db));
        }
        let reopen = self
            .reopen
            .as_ref()
            .expect("only a store with a file gives its database up");
        let db = Arc::new(reopen().map_err(|error| match error {
            // The lock on the folder is ours, so it can only be a reader that is not done with the old state.
            StoreError::Locked { .. } => StoreError::io(
                self.file.display(),
                std::io::Error::other("waiting for readers after a failed write"),
            ),
            other => other,
        })?);
        *slot = Some(Arc::clone(&db));
        Ok(db)
    }

    /// The disk failed while writing: what was committed before is safe, the rest of memory is not to be trusted.
    pub(super) fn give_up_database(&self) {
        if self.reopen.is_some() {
            *self.view.write() = None;
            *self.db.write() = None;
        }
    }

    /// A commit is through: reads go to the new state.
    pub(super) fn renew_view(&self) {
        *self.view.write() = None;
    }

    /// The state of the last commit.
    pub(super) fn view(&self) -> Result<Arc<View>, StoreError> {
        if let Some(view) = &*self.view.read() {
            return Ok(Arc::clone(view));
        }
        let mut slot = self.view.write();
        if let Some(view) = &*slot {
            return Ok(Arc::clone(view));
        }
        let db = self.db()?;
        let read = db.begin_read().map_err(|error| self.error(error))?;
        let view = Arc::new(View {
            read,
            tables: RwLock::new(HashMap::new()),
        });
        *slot = Some(Arc::clone(&view));
        Ok(view)
    }
}

pub(super) type Table = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// One committed state, with the tables that were asked for.
pub(super) struct View {
    pub(super) read: ReadTransaction,
    tables: RwLock<HashMap<String, Option<Arc<Table>>>>,
}

impl View {
    /// A table of this state; nothing if there is none of this name.
    pub(super) fn table(&self, inner: &Inner, name: &str) -> Result<Option<Arc<Table>>, StoreError> {
        if let Some(known) = self.tables.read().get(name) {
            return Ok(known.clone());
        }
        let table = match self.read.open_table(Bytes2::new(name)) {
            Ok(table) => Some(Arc::new(table)),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(inner.error(error)),
        };
        self.tables.write().insert(name.to_owned(), table.clone());
        Ok(table)
    }
}
