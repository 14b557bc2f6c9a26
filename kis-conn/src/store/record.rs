//! Records of the store that people look at: dead letters, parked rows, what a flow did.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

/// What makes a dead letter or parked row the same one when it comes again: flow, step and origin.
///
/// ```
/// use kis_conn::store::LetterId;
/// let id = LetterId::of("Scores", "verify", "scores.csv:7");
/// assert_eq!(LetterId::parse(&id.to_string()), Some(id));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterId(pub u128);

impl LetterId {
    /// The id of what came from `origin` and stopped at `step` of `flow`.
    pub fn of(flow: &str, step: &str, origin: &str) -> Self {
        let mut hash = Xxh3::new();
        for part in [flow, step, origin] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        LetterId(hash.digest128())
    }

    /// The id with this text.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain
            .then(|| u128::from_str_radix(text, 16).ok().map(LetterId))
            .flatten()
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LetterId({self})")
    }
}

/// A row outside of a flow, with what is needed to make it a row of the flow again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredRow {
    /// How `bytes` are written: `json`, `csv`, `raw`, `msgpack` for rows that JSON cannot hold (as with a number that is
    /// not finite), or `none` where the row is gone.
    pub format: String,
    /// The row; a CSV record comes behind its header.
    #[serde(with = "as_bytes")]
    pub bytes: Vec<u8>,
    /// How a CSV record is written.
    pub csv: Option<CsvDialect>,
    /// The name of the row's type; `raw` for rows as the source delivered them.
    pub row_type: String,
    /// The fingerprint of that type's fields; 0 for raw rows.
    pub fingerprint: u64,
    /// The type's fields for people, `stu_id: i64, avg: f64`; empty for raw rows.
    pub shape: String,
    /// The field whose value is the row's key; empty where rows have none.
    pub key_field: String,
}

impl StoredRow {
    /// The row as JSON, where its form is one that says which value belongs to which field.
    pub fn json(&self) -> Option<serde_json::Value> {
        match self.format.as_str() {
            "json" => serde_json::from_slice(&self.bytes).ok(),
            "msgpack" => rmp_serde::from_slice(&self.bytes).ok(),
            _ => None,
        }
    }
}

/// How CSV records are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvDialect {
    /// The byte between fields.
    pub delimiter: u8,
    /// The byte around fields.
    pub quote: u8,
    /// Unquoted fields with one of these texts have no value.
    pub na: Vec<String>,
}

/// A row that could not be handled, with everything needed to send it in again at the step that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its identity; the same row at the same step is the same letter.
    #[serde(with = "as_bytes_id")]
    pub id: LetterId,
    /// The flow.
    pub flow: String,
    /// The name of the step that failed.
    pub step: String,
    /// Where in the step's work it failed: `decode`, `must`, `call`, ...
    pub stage: String,
    /// The word of the error class.
    pub class: String,
    /// The error's short code.
    pub code: String,
    /// The error's text.
    pub message: String,
    /// Tries, the first included.
    pub attempts: u32,
    /// Where the row came from, `flights.csv:1234`.
    pub origin: String,
    /// The row: as the source delivered it, or as the step before handed it on.
    pub row: StoredRow,
    /// The key it is ordered by, in canonical bytes.
    #[serde(with = "as_optional_bytes")]
    pub key: Option<Vec<u8>>,
    /// When it failed first, milliseconds since 1970 UTC.
    pub first_ms: u64,
    /// When it failed last.
    pub last_ms: u64,
    /// How often it was sent in again.
    pub replays: u32,
    /// Its place among the letters of its flow, see [`Letter::place`]; 0 until a cut gives it one.
    #[serde(default)]
    pub seq: u64,
}

/// A row that waits for a retry, or behind one of its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedRow {
    /// Its identity.
    #[serde(with = "as_bytes_id")]
    pub id: LetterId,
    /// The flow.
    pub flow: String,
    /// The step at which it waits.
    pub step: String,
    /// The key it is ordered by, in canonical bytes.
    #[serde(with = "as_optional_bytes")]
    pub key: Option<Vec<u8>>,
    /// Its number among the rows of the flow that were ever parked. Of the rows of one key at one step, lower ones go first.
    pub seq: u64,
    /// Where the row came from.
    pub origin: String,
    /// Tries so far.
    pub attempts: u32,
    /// When it is tried again, milliseconds since 1970 UTC.
    pub due_ms: u64,
    /// When it was parked first, milliseconds since 1970 UTC.
    pub since_ms: u64,
    /// The class of the error for which it waits; empty for a row that waits behind another.
    #[serde(default)]
    pub class: String,
    /// That error's code.
    #[serde(default)]
    pub code: String,
    /// That error's text.
    pub message: String,
    /// How often it was sent in again as a dead letter.
    #[serde(default)]
    pub replays: u32,
    /// The dead letter that it was.
    #[serde(default)]
    pub was: Option<WasLetter>,
    /// The row: as the source delivered it, or as the step before handed it on.
    pub row: StoredRow,
}

/// The dead letter that a parked row was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasLetter {
    /// Its id.
    #[serde(with = "as_bytes_id")]
    pub id: LetterId,
    /// The step that failed.
    pub step: String,
    /// Its place among the letters of its flow.
    pub seq: u64,
}

/// What the stored state of a step looks like: every value of it was written by this version of this type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StateRecord {
    /// The version of the state's type.
    pub version: u32,
    /// The fingerprint of its form.
    pub fingerprint: u64,
    /// The Rust name of the type.
    pub type_name: String,
    /// Its form, for messages: a line for each value, `total: f64`.
    pub form: String,
}

/// Whether a flow has reached its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunState {
    /// There is more to do.
    #[default]
    Running,
    /// Its sources ended, everything settled, and its last steps ran.
    Ended,
}

/// What the store knows about a flow's last run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowRecord {
    /// The run's id; a killed run goes on under the same one.
    pub run_id: String,
    /// The number of the last cut.
    pub cut: u64,
    /// When it was written, milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// Whether the flow has ended.
    pub state: RunState,
    /// How often it was started since the positions moved last.
    pub starts_without_progress: u32,
    /// Raised at each start; an older process is recognised by it.
    pub epoch: u64,
    /// Rows read.
    pub rows_in: u64,
    /// Rows that left behind the last step.
    pub rows_out: u64,
    /// Rows that became dead letters.
    pub rows_dead: u64,
}

/// Bytes as one MessagePack byte string, not as a list of numbers.
mod as_bytes {
    use std::fmt;

    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        from.deserialize_byte_buf(BytesVisitor)
    }

    struct BytesVisitor;

    impl<'de> Visitor<'de> for BytesVisitor {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<u8>, A::Error> {
            let mut bytes = Vec::new();
            while let Some(byte) = items.next_element()? {
                bytes.push(byte);
            }
            Ok(bytes)
        }
    }
}

/// The same for bytes that may be missing.
mod as_optional_bytes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Wrapped(#[serde(with = "super::as_bytes")] Vec<u8>);

    #[expect(
        clippy::ref_option,
        reason = "serde's `with` hands over the field by reference"
    )]
    pub(super) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
        bytes.clone().map(Wrapped).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
        Ok(Option::<Wrapped>::deserialize(from)?.map(|wrapped| wrapped.0))
    }
}

/// An id as its 16 bytes.
mod as_bytes_id {
    use serde::de::Error;
    use serde::{Deserializer, Serializer};

    use super::LetterId;

    pub(super) fn serialize<S: Serializer>(id: &LetterId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&id.0.to_be_bytes())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<LetterId, D::Error> {
        let bytes = super::as_bytes::deserialize(from)?;
        let bytes = bytes
            .try_into()
            .map_err(|_| D::Error::custom("an id has 16 bytes"))?;
        Ok(LetterId(u128::from_be_bytes(bytes)))
    }
}
