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

/// How people write the positions of a source kind, as `app positions show` and `positions set` do.
#[derive(Clone, Copy)]
pub struct PositionText {
    /// The text of a position that this kind gave; [`Position::show`] where it was another.
    pub show: fn(&Position) -> String,
    /// The position with this text; else what such a text looks like.
    ///
    /// It must take everything that `show` gives, and may take shorter forms that a hand writes.
    pub parse: fn(&str) -> Result<Position, String>,
}

impl PositionText {
    /// For kinds whose positions are only good for themselves: they can be looked at, but not written by hand.
    pub const SHOWN: PositionText = PositionText {
        show: Position::show,
        parse: |_| {
            Err(
                "positions of this kind cannot be written by hand; write `start` to read from where the source starts"
                    .to_owned(),
            )
        },
    };
}

impl fmt::Debug for PositionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PositionText")
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Position({})", self.show())
    }
}
