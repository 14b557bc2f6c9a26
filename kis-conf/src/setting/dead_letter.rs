//! `dead_letter:`: where the rows go that could not be handled, and how many are kept.

use std::time::Duration;

use crate::Placed;
use crate::fields::Fields;
use crate::out::{Out, duration, number, text, word};
use crate::word::words;

words! {
    /// What happens when no more dead letters fit.
    pub enum OnFull {
        /// The flow pauses until there is room.
        Pause = "pause",
        /// The oldest ones are removed.
        DropOldest = "drop_oldest",
    }
}

/// Where dead letters go and how many are kept. Without a connector they are kept in the embedded store.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetterConf {
    /// The connector that takes them.
    pub conn: Option<Placed<String>>,
    /// The topic, table or queue there.
    pub key: Option<Placed<String>>,
    /// Later rows of a key that has a letter follow it.
    pub keep_order: bool,
    /// The most letters.
    pub max_rows: u64,
    /// How long a letter is kept.
    pub max_age: Duration,
    /// What happens when no more fit.
    pub on_full: OnFull,
}

impl Default for DeadLetterConf {
    fn default() -> Self {
        Self {
            conn: None,
            key: None,
            keep_order: false,
            max_rows: 1_000_000,
            max_age: Duration::from_secs(30 * 24 * 3600),
            on_full: OnFull::Pause,
        }
    }
}

impl DeadLetterConf {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let default = Self::default();
        let read = |fields: &mut Fields<'_>| Self {
            conn: fields.name("cname"),
            key: fields.text("key"),
            keep_order: fields.get_or("keep_order", default.keep_order),
            max_rows: fields.int_or("max_rows", 1..=u64::MAX, default.max_rows),
            max_age: fields.get_or("max_age", default.max_age),
            on_full: fields.word_or("on_full", default.on_full),
        };
        fields
            .nested("dead_letter", "dead_letter", read)
            .unwrap_or_default()
    }

    pub(crate) fn write(&self) -> Out {
        let default = Self::default();
        Out::default()
            .put_if("cname", self.conn.as_ref().map(text))
            .put_if("key", self.key.as_ref().map(text))
            .put_diff("keep_order", self.keep_order, default.keep_order, number)
            .put_diff("max_rows", self.max_rows, default.max_rows, number)
            .put_diff("max_age", self.max_age, default.max_age, duration)
            .put_diff("on_full", self.on_full, default.on_full, |on_full| {
                word(on_full.as_str())
            })
    }
}
