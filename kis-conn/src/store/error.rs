//! Why the store cannot be used, with what helps.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::{ConnError, ErrorClass};

/// Why the store cannot be opened, read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has it open.
    Locked {
        /// The store's folder.
        dir: PathBuf,
        /// The process that holds it, if it could be read.
        pid: Option<u32>,
    },
    /// The file is a store, but its content is broken.
    Corrupt {
        /// The file.
        file: PathBuf,
        /// What was found.
        what: String,
    },
    /// The file is something else.
    Foreign {
        /// The file.
        file: PathBuf,
        /// What was found.
        what: String,
    },
    /// The store was written by another version of KIS flow.
    Version {
        /// The file.
        file: PathBuf,
        /// The layout's version in the file.
        found: String,
    },
    /// The operating system refused.
    Io {
        /// What was tried.
        what: String,
        /// The system's answer.
        error: io::Error,
    },
    /// A key or value is larger than the store takes.
    TooLarge {
        /// Its bytes.
        bytes: usize,
    },
}

impl StoreError {
    pub(super) fn io(what: impl fmt::Display, error: io::Error) -> Self {
        StoreError::Io {
            what: what.to_string(),
            error,
        }
    }

    /// Sorts an error of the database; `file` is the store's.
    pub(super) fn of(file: &std::path::Path, error: impl Into<redb::Error>) -> Self {
        let file = file.to_owned();
        match error.into() {
            redb::Error::Io(error) => StoreError::Io {
                what: file.display().to_string(),
                error,
            },
            redb::Error::PreviousIo => {
                let error = io::Error::other("an earlier write failed");
                StoreError::Io {
                    what: file.display().to_string(),
                    error,
                }
            }
            error @ (redb::Error::DatabaseClosed
            | redb::Error::TransactionPoisoned
            | redb::Error::LockPoisoned(_)
            | redb::Error::Backend(_)) => StoreError::Io {
                what: file.display().to_string(),
                error: io::Error::other(error.to_string()),
            },
            redb::Error::ValueTooLarge(bytes) => StoreError::TooLarge { bytes },
            redb::Error::DatabaseAlreadyOpen => {
                let dir = file.parent().map_or_else(PathBuf::new, PathBuf::from);
                StoreError::Locked { dir, pid: None }
            }
            redb::Error::UpgradeRequired(version) => StoreError::Version {
                file,
                found: format!("database file format {version}"),
            },
            other => StoreError::Corrupt {
                file,
                what: other.to_string(),
            },
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Locked { dir, pid: Some(pid) } if *pid == std::process::id() => write!(
                f,
                "the store {} is already open in this process (pid {pid}); open it once and share it",
                dir.display()
            ),
            StoreError::Locked { dir, pid: Some(pid) } => write!(
                f,
                "the store {} is in use by process {pid}; stop that process, or set another folder in \
                 kistype: global, store: {{ path: .. }}",
                dir.display()
            ),
            StoreError::Locked { dir, pid: None } => write!(
                f,
                "the store {} is in use by another process; stop that process, or set another folder in \
                 kistype: global, store: {{ path: .. }}",
                dir.display()
            ),
            StoreError::Corrupt { file, what } => write!(
                f,
                "the store {} is broken ({what}); it was left as it is; restore it from a copy, or move it away to \
                 start anew",
                file.display()
            ),
            StoreError::Foreign { file, what } => write!(
                f,
                "{} is not a KIS flow store ({what}); it was left as it is; set another folder in kistype: global, \
                 store: {{ path: .. }}",
                file.display()
            ),
            StoreError::Version { file, found } => write!(
                f,
                "the store {} has another layout than this version reads ({found}); it was left as it is; use the \
                 version of KIS flow that wrote it",
                file.display()
            ),
            StoreError::Io { what, error } => write!(f, "{what}: {error}"),
            StoreError::TooLarge { bytes } => {
                write!(
                    f,
                    "a key or value of {bytes} bytes is larger than the store takes"
                )
            }
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StoreError::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<StoreError> for ConnError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Locked { .. } => ConnError::fatal("store_locked", message),
            StoreError::Corrupt { .. } => ConnError::fatal("store_corrupt", message),
            StoreError::Foreign { .. } | StoreError::Version { .. } => {
                ConnError::fatal("store_foreign", message)
            }
            StoreError::TooLarge { .. } => ConnError::new(ErrorClass::Reject, "too_large", message),
            // Whatever the system says about the store's file, no row is at fault and waiting may help.
            StoreError::Io { .. } => ConnError::unavailable("store_io", message),
        }
    }
}
