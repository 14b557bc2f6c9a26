//! The rows, and functions that number them by their state: a row lost or doubled is seen in all that follow.

use kis_core::prelude::*;

/// A row: the `seq`-th of its key.
#[derive(Clone, Debug, Row)]
pub struct Item {
    /// Rows of one key keep their order.
    pub key: i64,
    /// Another key, with rows of many keys.
    pub group: i64,
    /// The row's number among those of its key, from 1.
    pub seq: i64,
    /// How many rows of its key were counted, this one included.
    pub nth: i64,
    /// How many rows of its group were counted, this one included.
    pub in_group: i64,
}

/// How many rows were counted.
#[derive(Clone, Debug, Default, State)]
#[state(ttl = "365d")]
pub struct Tally {
    rows: i64,
}

impl Tally {
    /// The number of the next row.
    pub fn count(&mut self) -> i64 {
        self.rows += 1;
        self.rows
    }
}

/// Counts the rows of the key that they carry.
#[kis_function(mode = "Calculate")]
pub fn count(mut item: Item, tally: &mut Tally) -> Item {
    item.nth = tally.count();
    item
}

/// Counts the rows of the field `key`, whatever key they carry.
#[kis_function(mode = "Calculate", key = "key")]
pub fn count_key(mut item: Item, tally: &mut Tally) -> Item {
    item.nth = tally.count();
    item
}

/// Counts the rows of a group, which come from many lanes.
#[kis_function(mode = "Calculate", key = "group")]
pub fn count_group(mut item: Item, tally: &mut Tally) -> Item {
    item.in_group = tally.count();
    item
}
