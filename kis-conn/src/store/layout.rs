//! The tables of the store's file, the names of those made per step and table, and the version of all this.

use redb::TableDefinition;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cut::StateValue;
use super::key::{KeyPart, TableKey};

/// Into how many groups keys of state fall; a key's group is `xxh3(canonical key bytes) % 128`.
pub const KEY_GROUPS: u8 = 128;

/// The layout's version as it stands in the file. It names the hash too, since groups depend on it.
pub(super) const FORMAT: &[u8] = b"kis store 1, xxh3 % 128";

pub(super) type Bytes2<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

pub(super) const KIS: Bytes2<'static> = TableDefinition::new("kis");
pub(super) const FLOWS: Bytes2<'static> = TableDefinition::new("flows");
pub(super) const POSITIONS: Bytes2<'static> = TableDefinition::new("positions");
pub(super) const NOTES: Bytes2<'static> = TableDefinition::new("notes");
pub(super) const LETTERS: Bytes2<'static> = TableDefinition::new("letters");
/// In which order a flow's letters came, and their ids.
pub(super) const LETTER_ORDER: Bytes2<'static> = TableDefinition::new("letter_order");
/// Rows that are let be letters whatever the policy says.
pub(super) const SKIPS: Bytes2<'static> = TableDefinition::new("skips");
pub(super) const PARKED: Bytes2<'static> = TableDefinition::new("parked");

/// What the state of each step looks like. Stores that an older version made get it with the first cut.
pub(super) const STATES: Bytes2<'static> = TableDefinition::new("states");

/// The tables that are always there.
pub(super) const FIXED: [Bytes2<'static>; 8] =
    [KIS, FLOWS, POSITIONS, NOTES, LETTERS, LETTER_ORDER, SKIPS, PARKED];

const TABLE: &str = "table/";
const RECORD_VERSION: u8 = 1;

/// The name of the table that holds the state of a step.
pub(super) fn state_table(flow: &str, step: &str) -> String {
    format!("{}{}", state_prefix(flow), escaped(step))
}

/// The flow and the step whose state a table holds.
pub(super) fn state_owner(table: &str) -> Option<(String, String)> {
    let (flow, step) = table.strip_prefix("state/")?.split_once('/')?;
    Some((unescaped(flow), unescaped(step)))
}

/// What the names of all state tables of a flow begin with.
pub(super) fn state_prefix(flow: &str) -> String {
    format!("state/{}/", escaped(flow))
}

/// The name under which the embedded table `name` is kept.
pub(super) fn embedded_table(name: &str) -> String {
    format!("{TABLE}{name}")
}

/// The embedded table that is kept under this name.
pub(super) fn embedded_name(table: &str) -> Option<&str> {
    table.strip_prefix(TABLE)
}

/// The first key behind all keys that begin with `prefix`; nothing if there is none.
pub(super) fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xFF)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// The texts of a composite key behind its first `skip` parts.
pub(super) fn texts(key: &[u8], skip: usize) -> Option<Vec<String>> {
    let parts = KeyPart::parse(key)?.into_iter().skip(skip);
    parts
        .map(|part| {
            if let KeyPart::Text(text) = part {
                Some(text)
            } else {
                None
            }
        })
        .collect()
}

/// The key of a record of a flow with an id.
pub(super) fn id_key(flow: &str, id: u128) -> Vec<u8> {
    (flow, id.to_be_bytes().as_slice()).key()
}

/// A record behind its version byte.
pub(super) fn put_record(record: &impl Serialize) -> Vec<u8> {
    let mut bytes = vec![RECORD_VERSION];
    rmp_serde::encode::write_named(&mut bytes, record).expect("records hold nothing that cannot be written");
    bytes
}

/// A record that was read back, or why it is none.
pub(super) fn take_record<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, String> {
    match bytes.split_first() {
        Some((&RECORD_VERSION, rest)) => rmp_serde::from_slice(rest).map_err(|error| error.to_string()),
        Some((version, _)) => Err(format!("a record has the unknown version {version}")),
        None => Err("a record is empty".to_owned()),
    }
}

/// A value of keyed state: version, fingerprint, expiry, bytes.
pub(super) fn put_state(value: &StateValue) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(STATE_HEAD + value.bytes.len());
    bytes.push(RECORD_VERSION);
    bytes.extend_from_slice(&value.version.to_le_bytes());
    bytes.extend_from_slice(&value.fingerprint.to_le_bytes());
    bytes.extend_from_slice(&value.expires_ms.to_le_bytes());
    bytes.extend_from_slice(&value.bytes);
    bytes
}

const STATE_HEAD: usize = 1 + 4 + 8 + 8;

pub(super) fn take_state(bytes: &[u8]) -> Option<StateValue> {
    let (head, rest) = bytes.split_at_checked(STATE_HEAD)?;
    (head[0] == RECORD_VERSION).then(|| StateValue {
        version: u32::from_le_bytes(head[1..5].try_into().expect("four bytes")),
        fingerprint: u64::from_le_bytes(head[5..13].try_into().expect("eight bytes")),
        expires_ms: u64::from_le_bytes(head[13..21].try_into().expect("eight bytes")),
        bytes: rest.to_vec(),
    })
}

/// A name without `/`, which separates the parts of a table's name.
fn escaped(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

fn unescaped(name: &str) -> String {
    name.replace("%2F", "/").replace("%25", "%")
}
