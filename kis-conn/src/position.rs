//! Where a row stands in its source: partitions and opaque, versioned positions.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

/// One independently ordered part of a source: a file of a glob, a partition of a topic. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(Arc<str>);

impl Partition {
    /// The partition with this name.
    pub fn new(name: impl AsRef<str>) -> Self {
        Partition(Arc::from(name.as_ref()))
    }

    /// Its name, unique within the source.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Partition({})", self.0)
    }
}

/// A place behind a row of a partition. Only the source that gave it can read it: its first byte is the version of
/// that source kind's own format. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Position(Bytes);

impl Position {
    /// A position of these bytes; the first is the version of their format.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Position(bytes.into())
    }

    /// The bytes, as stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A text for people: known formats as words, others as text or hexadecimal.
    ///
    /// ```
    /// assert_eq!(kis_conn::Position::new(b"\x01\xff".as_slice()).show(), "0x01ff");
    /// ```
    pub fn show(&self) -> String {
        match std::str::from_utf8(&self.0) {
            Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => text.to_owned(),
            _ => {
                let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("0x{hex}")
            }
        }
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Position({})", self.show())
    }
}
