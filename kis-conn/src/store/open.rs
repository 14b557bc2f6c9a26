//! Opening the store's file: a new one, an older one, a broken one, somebody else's.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use redb::{Database, ReadableDatabase, TableHandle};

use super::error::StoreError;
use super::layout::{FIXED, FORMAT, KIS};
use super::trial::Trial;

/// The file in the store's folder.
pub(super) const FILE: &str = "store.redb";

/// What the database keeps of its file in memory. The hot state lives in the flows, so little is enough.
const CACHE_BYTES: usize = 16 << 20;

const MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";

/// Opens the file, or makes it if it is missing. A file that is not ours is left as it is.
pub(super) fn open(file: &Path) -> Result<Database, StoreError> {
    match head(file)? {
        Head::Missing => create(file),
        Head::Store => {
            // Opening repairs what a killed process left, and so writes: first see that it is ours and whole.
            let trial = File::open(file).and_then(Trial::new);
            let trial =
                trial.map_err(|error| StoreError::io(format!("the store {}", file.display()), error))?;
            let db = guarded(file, || {
                redb::Builder::new()
                    .set_cache_size(CACHE_BYTES)
                    .create_with_backend(trial)
            })?;
            check(file, &db)?;
            drop(db);
            let db = guarded(file, || {
                redb::Builder::new().set_cache_size(CACHE_BYTES).open(file)
            })?;
            check(file, &db)?;
            Ok(db)
        }
        Head::Other(what) => Err(StoreError::Foreign {
            file: file.to_owned(),
            what,
        }),
    }
}

/// Makes the file under another name first: a process that dies meanwhile leaves nothing that looks like a broken store.
fn create(file: &Path) -> Result<Database, StoreError> {
    let new = file.with_extension("new");
    let io = |error| StoreError::io(format!("the store {}", file.display()), error);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    let db = guarded(file, || {
        redb::Builder::new().set_cache_size(CACHE_BYTES).create(&new)
    })?;
    prepare(file, &db)?;
    fs::rename(&new, file).map_err(io)?;
    sync_folder(file)?;
    Ok(db)
}

/// A store that lives in memory alone.
pub(super) fn in_memory() -> Database {
    let db = redb::Builder::new()
        .set_cache_size(CACHE_BYTES)
        .create_with_backend(redb::backends::InMemoryBackend::new())
        .expect("memory can be written");
    prepare(Path::new("(memory)"), &db).expect("memory can be written");
    db
}

enum Head {
    Missing,
    Store,
    Other(String),
}

fn head(file: &Path) -> Result<Head, StoreError> {
    let what = || format!("the store {}", file.display());
    let mut start = [0; MAGIC.len()];
    let mut open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Head::Missing),
        Err(error) => return Err(StoreError::io(what(), error)),
    };
    let size = open
        .metadata()
        .map_err(|error| StoreError::io(what(), error))?
        .len();
    match open.read_exact(&mut start) {
        // Somebody made room for it, and there is nothing to lose.
        _ if size == 0 => Ok(Head::Missing),
        Ok(()) if start == MAGIC => Ok(Head::Store),
        Ok(()) => Ok(Head::Other("it does not begin as a store does".to_owned())),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Ok(Head::Other(format!("it has only {size} bytes")))
        }
        Err(error) => Err(StoreError::io(what(), error)),
    }
}

/// The database may panic on a broken file; that is one more way to say that it is broken.
fn guarded(
    file: &Path,
    open: impl FnOnce() -> Result<Database, redb::DatabaseError>,
) -> Result<Database, StoreError> {
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(error)) => Err(StoreError::of(file, error)),
        Err(_) => Err(StoreError::Corrupt {
            file: file.to_owned(),
            what: "its pages contradict each other".to_owned(),
        }),
    }
}

fn prepare(file: &Path, db: &Database) -> Result<(), StoreError> {
    let of = |error: redb::Error| StoreError::of(file, error);
    let write = db.begin_write().map_err(|error| of(error.into()))?;
    for table in FIXED {
        let mut table = write.open_table(table).map_err(|error| of(error.into()))?;
        if table.name() == KIS.name() {
            table
                .insert(b"format".as_slice(), FORMAT)
                .map_err(|error| of(error.into()))?;
        }
    }
    write.commit().map_err(|error| of(error.into()))
}

fn check(file: &Path, db: &Database) -> Result<(), StoreError> {
    let of = |error: redb::Error| StoreError::of(file, error);
    let read = db.begin_read().map_err(|error| of(error.into()))?;
    let tables = read.list_tables().map_err(|error| of(error.into()))?;
    let names: Vec<String> = tables.map(|table| table.name().to_owned()).collect();
    if !names.iter().any(|name| name == KIS.name()) {
        drop(read);
        return match names.is_empty() {
            // The process that made the file died before its first transaction.
            true => prepare(file, db),
            false => Err(StoreError::Foreign {
                file: file.to_owned(),
                what: "it is the database of another program".to_owned(),
            }),
        };
    }
    let table = read.open_table(KIS).map_err(|error| of(error.into()))?;
    let found = table
        .get(b"format".as_slice())
        .map_err(|error| of(error.into()))?;
    match found.as_ref().map(redb::AccessGuard::value) {
        Some(FORMAT) => Ok(()),
        Some(other) => Err(StoreError::Version {
            file: file.to_owned(),
            found: String::from_utf8_lossy(other).into_owned(),
        }),
        None => Err(StoreError::Version {
            file: file.to_owned(),
            found: "none is named".to_owned(),
        }),
    }
}

/// The name of a new file is durable only when its folder is.
fn sync_folder(file: &Path) -> Result<(), StoreError> {
    let Some(dir) = file.parent() else { return Ok(()) };
    fs::File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|error| StoreError::io(format!("the store's folder {}", dir.display()), error))
}
