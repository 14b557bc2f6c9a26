//! `parked: { rows: 10k, bytes: 64MiB, max_age: 1h, overflow: dead_letter }`: rows that wait for a retry.

use std::time::Duration;

use crate::fields::Fields;
use crate::out::{Out, bytes, duration, number, word};
use crate::params::ByteSize;
use crate::word::words;

words! {
    /// What happens when no more rows can be parked.
    pub enum Overflow {
        /// The key with the most parked rows gives up. Where no key has a tenth of them, none is the trouble, and the flow
        /// waits.
        DeadLetter = "dead_letter",
        /// The flow reads nothing more until there is room.
        Wait = "wait",
    }
}

/// How many rows of a flow may wait for a retry, or behind one of their key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The most rows.
    pub rows: u64,
    /// The most bytes.
    pub bytes: u64,
    /// How long a row may wait.
    pub max_age: Duration,
    /// What happens beyond that.
    pub overflow: Overflow,
}

impl Default for Parked {
    fn default() -> Self {
        Self {
            rows: 10_000,
            bytes: 64 << 20,
            max_age: Duration::from_secs(3600),
            overflow: Overflow::DeadLetter,
        }
    }
}

impl Parked {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let default = Self::default();
        let read = |fields: &mut Fields<'_>| Self {
            rows: fields.int_or("rows", 0..=u64::MAX, default.rows),
            bytes: fields.get_or("bytes", ByteSize(default.bytes)).0,
            max_age: fields.get_or("max_age", default.max_age),
            overflow: fields.word_or("overflow", default.overflow),
        };
        fields.nested("parked", "parked", read).unwrap_or(default)
    }

    pub(crate) fn write(&self) -> Out {
        let default = Self::default();
        Out::default()
            .put_diff("rows", self.rows, default.rows, number)
            .put_diff("bytes", self.bytes, default.bytes, bytes)
            .put_diff("max_age", self.max_age, default.max_age, duration)
            .put_diff("overflow", self.overflow, default.overflow, |overflow| {
                word(overflow.as_str())
            })
    }
}
