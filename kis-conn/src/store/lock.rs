//! The lock that keeps a second process out of the store's folder and tells it who is in.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::error::StoreError;

/// Holds the folder until it is dropped; the system gives it back when the process dies, however it dies.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the folder, which is made if it is missing.
    pub(super) fn take(dir: &Path) -> Result<Lock, StoreError> {
        fs::create_dir_all(dir)
            .map_err(|error| StoreError::io(format!("the store's folder {}", dir.display()), error))?;
        let path = dir.join("lock");
        let what = || format!("the store's lock {}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| StoreError::io(what(), error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // A holder that has not written its pid yet is still a holder.
                let _ = file.read_to_string(&mut text);
                return Err(StoreError::Locked {
                    dir: dir.to_owned(),
                    pid: text.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io(what(), error)),
        }
        // The pid is for the message alone: a full disk must not keep the store from opening.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Lock { _file: file })
    }
}
