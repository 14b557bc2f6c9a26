//! One flow's consistent commit: positions and what its lanes froze.

use std::sync::Arc;

use bytes::Bytes;

use super::record::{FlowRecord, Letter, LetterId, ParkedRow, StateRecord};
use super::tables::FrozenTables;
use crate::{Partition, Position};

/// Everything one cut of one flow makes durable.
#[derive(Clone, Debug, Default)]
pub struct FlowCut {
    /// The flow.
    pub flow: String,
    /// For each source and partition the position behind the last row of the cut.
    pub positions: Vec<(String, Partition, Position)>,
    /// What each lane froze.
    pub lanes: Vec<LaneCut>,
    /// What each connector noted.
    pub notes: Vec<(String, Vec<u8>)>,
    /// What the state of its steps looks like from this cut on, by step. A step that is not named here keeps its record.
    pub states: Vec<(Arc<str>, StateRecord)>,
    /// The flow's record with this cut.
    pub record: FlowRecord,
    /// What is removed of the flow's dead letters when those of the lanes are written.
    pub letters: LetterBound,
}

/// How many dead letters of a flow are kept, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LetterBound {
    /// The oldest ones are removed when there are more.
    pub max_rows: Option<u64>,
    /// Those are removed that came before this moment, milliseconds since 1970 UTC.
    pub before_ms: u64,
    /// The most that one cut removes.
    pub at_most: u32,
}

/// What one lane froze when it met the marker.
#[derive(Clone, Debug, Default)]
pub struct LaneCut {
    /// Keyed state that changed.
    pub state: Vec<StateWrite>,
    /// Writes to embedded tables.
    pub tables: Vec<FrozenTables>,
    /// Dead letters that came or went.
    pub letters: Vec<LetterWrite>,
    /// Parked rows that came or went.
    pub parked: Vec<ParkedWrite>,
}

/// One key's state that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateWrite {
    /// The step whose state it is.
    pub step: Arc<str>,
    /// The key's group, `xxh3(key) % 128`.
    pub group: u8,
    /// The key in canonical bytes.
    pub key: Bytes,
    /// The new value; nothing removes the key.
    pub value: Option<StateValue>,
}

/// A value of keyed state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateValue {
    /// The version of the state's type.
    pub version: u32,
    /// The fingerprint of its fields.
    pub fingerprint: u64,
    /// When it may be forgotten, milliseconds since 1970 UTC.
    pub expires_ms: u64,
    /// The value.
    pub bytes: Vec<u8>,
}

/// A dead letter that came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "most are letters, and they are moved once"
)]
pub enum LetterWrite {
    /// A new letter, or one that failed again.
    Put(Letter),
    /// The letter is settled.
    Remove(LetterId),
}

/// A parked row that came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "most are rows, and they are moved once")]
pub enum ParkedWrite {
    /// A row that waits.
    Put(ParkedRow),
    /// The row is settled.
    Remove(LetterId),
}
