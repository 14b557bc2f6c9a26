//! The rows of a batch that a call could not handle.

use super::{Batch, Origin, Rows};
use crate::error::Error;

/// The rows that failed in one call.
#[derive(Debug, Default)]
pub struct Fails {
    list: Vec<Fail>,
}

/// One row that failed.
#[derive(Debug)]
pub struct Fail {
    /// Where the row stood in the batch when it failed. Rows that cannot be read as the step's type fail first, and
    /// are out of the batch when the others are counted.
    pub index: u32,
    /// From which row of the stage's input it came; none when it stands for the whole batch.
    pub origin: Option<u32>,
    /// What went wrong.
    pub error: Error,
    /// The row as the step before handed it on. None when a call that cannot fail took the row and panicked.
    pub row: Option<Rows>,
    /// Whether it was not called: it waits behind a row that failed and is tried again.
    pub held: bool,
}

impl Fail {
    /// A copy of the row as a batch of its own, with its origin; nothing where the row is gone.
    pub(crate) fn batch(&self) -> Option<Batch> {
        let mut batch = Batch::new(self.row.as_ref()?.copy());
        batch.set_origin(self.origin.map_or(Origin::All, |row| Origin::Each(vec![row])));
        Some(batch)
    }
}

impl Fails {
    /// Notes one row.
    pub fn push(&mut self, fail: Fail) {
        self.list.push(fail);
    }

    /// Whether no row failed.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many rows failed.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The rows that failed, one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Fail> {
        self.list.iter()
    }

    /// Takes the rows that failed.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Fail> {
        self.list.drain(..)
    }
}
