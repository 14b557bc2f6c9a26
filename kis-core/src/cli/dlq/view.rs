//! A dead letter as people and programs read it.

use kis_conn::store::{Letter, StoredRow};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{engine::row_as_json, row::key::KeyRef};

/// A letter without what only machines read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct View {
    pub(super) id: String,
    pub(super) flow: String,
    pub(super) step: String,
    pub(super) stage: String,
    pub(super) class: String,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) attempts: u32,
    pub(super) replays: u32,
    pub(super) origin: String,
    pub(super) key: Option<String>,
    pub(super) first_ms: u64,
    pub(super) last_ms: u64,
    /// The name of the row's type; `raw` as the source delivered it.
    pub(super) row_type: String,
    /// The type's fields, one a line.
    pub(super) shape: String,
    /// How the row is kept: `json`, `csv`, `raw`, `none`.
    pub(super) format: String,
    /// The row; a text where it cannot be read as fields.
    pub(super) row: Value,
}

impl From<Letter> for View {
    fn from(letter: Letter) -> View {
        let row = readable(&letter.row);
        View {
            id: letter.id.to_string(),
            flow: letter.flow,
            step: letter.step,
            stage: letter.stage,
            class: letter.class,
            code: letter.code,
            message: letter.message,
            attempts: letter.attempts,
            replays: letter.replays,
            origin: letter.origin,
            key: letter.key.map(|key| KeyRef::from_canonical(&key).to_string()),
            first_ms: letter.first_ms,
            last_ms: letter.last_ms,
            row_type: letter.row.row_type,
            shape: letter.row.shape,
            format: letter.row.format,
            row,
        }
    }
}

fn readable(row: &StoredRow) -> Value {
    match row_as_json(row) {
        Some(value) => value,
        None if row.format == "none" => Value::Null,
        None => Value::String(String::from_utf8_lossy(&row.bytes).into_owned()),
    }
}

/// How long ago that was: `12s`, `5m`, `3h`, `9d`.
pub(super) fn age(then_ms: u64, now_ms: u64) -> String {
    let seconds = now_ms.saturating_sub(then_ms) / 1000;
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A moment for people.
pub(super) fn moment(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map_or_else(
            || ms.to_string(),
            |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        )
}

/// Now, in milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}
