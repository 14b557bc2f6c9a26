//! `batch: { rows: 1000, bytes: 4MiB, linger: 20ms, unit: rows, unique: false }`: what travels together.

use std::time::Duration;

use crate::fields::Fields;
use crate::out::{Out, bytes, duration, number, word};
use crate::params::ByteSize;
use crate::word::words;

words! {
    /// What a batch is made of.
    pub enum Unit {
        /// As many rows as the limits allow.
        Rows = "rows",
        /// The rows of one message, request or file.
        Message = "message",
    }
}

/// When a batch of a source is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchConf {
    /// The most rows.
    pub rows: u32,
    /// The most bytes; one row may be larger.
    pub bytes: u64,
    /// How long to wait for more rows.
    pub linger: Duration,
    /// What a batch is made of.
    pub unit: Unit,
    /// A key occurs at most once in a batch.
    pub unique: bool,
}

impl Default for BatchConf {
    fn default() -> Self {
        Self {
            rows: 1000,
            bytes: 4 << 20,
            linger: Duration::from_millis(20),
            unit: Unit::Rows,
            unique: false,
        }
    }
}

impl BatchConf {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let default = Self::default();
        let read = |fields: &mut Fields<'_>| Self {
            rows: fields.int_or("rows", 1..=1_000_000, default.rows.into()) as u32,
            bytes: fields.get_or("bytes", ByteSize(default.bytes)).0.max(1),
            linger: fields.get_or("linger", default.linger),
            unit: fields.word_or("unit", default.unit),
            unique: fields.get_or("unique", default.unique),
        };
        fields.nested("batch", "batch", read).unwrap_or(default)
    }

    pub(crate) fn write(&self) -> Out {
        let default = Self::default();
        Out::default()
            .put_diff("rows", self.rows, default.rows, number)
            .put_diff("bytes", self.bytes, default.bytes, bytes)
            .put_diff("linger", self.linger, default.linger, duration)
            .put_diff("unit", self.unit, default.unit, |unit| word(unit.as_str()))
            .put_diff("unique", self.unique, default.unique, number)
    }
}
