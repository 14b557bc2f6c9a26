//! Keys: the value by which rows are kept in order and by which state is found.
//!
//! The keys of a batch stand in one column, each with its hash, so that routing to a lane, the key group and the
//! state look-up all use the same number and nothing is hashed twice.

use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

/// How many key groups there are. It is part of the store's layout and never changes with the number of lanes.
pub const KEY_GROUPS: u64 = 128;

const NULL: u8 = 0;
const INT: u8 = 1;
const TEXT: u8 = 2;
const BYTES: u8 = 3;
const BOOL: u8 = 4;
const FLOAT: u8 = 5;

/// One key, borrowed from the column it stands in.
#[derive(Clone, Copy, Debug)]
pub struct KeyRef<'a> {
    hash: u64,
    repr: Repr<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Repr<'a> {
    Int(i64),
    Canonical(&'a [u8]),
}

/// One key that owns its bytes.
#[derive(Clone, Debug)]
pub enum Key {
    /// A whole number.
    Int(i64),
    /// The canonical bytes of any other value.
    Canonical(Box<[u8]>),
}

/// The keys of a batch's rows, one for each.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    hashes: Vec<u64>,
    column: Column,
}

#[derive(Clone, Debug)]
enum Column {
    Ints(Vec<i64>),
    Canonical { bytes: Vec<u8>, ends: Vec<u32> },
}

impl Default for Column {
    fn default() -> Self {
        Column::Ints(Vec::new())
    }
}

impl<'a> KeyRef<'a> {
    /// The key of a whole number.
    pub fn int(value: i64) -> KeyRef<'static> {
        KeyRef {
            hash: xxh3_64(&canonical_int(value)),
            repr: Repr::Int(value),
        }
    }

    /// A key from its canonical bytes, as [`KeyRef::canonical`] gives them.
    pub fn from_canonical(bytes: &'a [u8]) -> KeyRef<'a> {
        match int_of(bytes) {
            Some(value) => KeyRef::int(value),
            None => KeyRef {
                hash: xxh3_64(bytes),
                repr: Repr::Canonical(bytes),
            },
        }
    }

    /// The hash of the canonical bytes (XXH3, 64 bits).
    pub fn hash(self) -> u64 {
        self.hash
    }

    /// The key group: the hash modulo [`KEY_GROUPS`].
    pub fn group(self) -> u8 {
        group_of(self.hash)
    }

    /// The key with its own bytes.
    pub fn to_key(self) -> Key {
        match self.repr {
            Repr::Int(value) => Key::Int(value),
            Repr::Canonical(bytes) => Key::Canonical(bytes.into()),
        }
    }

    /// The canonical bytes: a tag for the type, then the value. Two keys are equal when these are.
    pub fn canonical(self) -> Vec<u8> {
        match self.repr {
            Repr::Int(value) => canonical_int(value).to_vec(),
            Repr::Canonical(bytes) => bytes.to_vec(),
        }
    }

    /// Whether this is the key `other`.
    #[inline]
    pub fn is(self, other: &Key) -> bool {
        match (self.repr, other) {
            (Repr::Int(a), Key::Int(b)) => a == *b,
            (Repr::Canonical(a), Key::Canonical(b)) => a == &**b,
            // A canonical form of a whole number is always read as `Int`, so mixed forms are never equal.
            _ => false,
        }
    }
}

impl PartialEq for KeyRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.repr, other.repr) {
            (Repr::Int(a), Repr::Int(b)) => a == b,
            (Repr::Canonical(a), Repr::Canonical(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for KeyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.repr {
            Repr::Int(value) => write!(f, "{value}"),
            Repr::Canonical([TEXT, text @ ..]) => f.write_str(&String::from_utf8_lossy(text)),
            Repr::Canonical([NULL, ..]) => f.write_str("null"),
            Repr::Canonical([BOOL, value]) => write!(f, "{}", *value != 0),
            Repr::Canonical([FLOAT, bits @ ..]) => match bits.try_into() {
                Ok(bits) => write!(f, "{}", f64::from_bits(u64::from_be_bytes(bits))),
                Err(_) => f.write_str("?"),
            },
            Repr::Canonical(bytes) => bytes.iter().skip(1).try_for_each(|b| write!(f, "{b:02x}")),
        }
    }
}

impl Key {
    /// The key, borrowed. The hash is computed anew.
    pub fn as_ref(&self) -> KeyRef<'_> {
        match self {
            Key::Int(value) => KeyRef::int(*value),
            Key::Canonical(bytes) => KeyRef {
                hash: xxh3_64(bytes),
                repr: Repr::Canonical(bytes),
            },
        }
    }
}

impl Keys {
    /// An empty column with room for `rows` keys.
    pub fn with_capacity(rows: usize) -> Keys {
        Keys {
            hashes: Vec::with_capacity(rows),
            column: Column::Ints(Vec::with_capacity(rows)),
        }
    }

    /// The keys of these rows, each by its number, in this order.
    ///
    /// # Panics
    /// If a number is not below [`Keys::len`].
    #[must_use]
    pub fn pick(&self, rows: &[u32]) -> Keys {
        let mut keys = Keys::with_capacity(rows.len());
        rows.iter().for_each(|row| keys.push(self.get(*row as usize)));
        keys
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The key of row `i`.
    ///
    /// # Panics
    /// If `i` is not below [`Keys::len`].
    #[inline]
    pub fn get(&self, i: usize) -> KeyRef<'_> {
        let repr = match &self.column {
            Column::Ints(values) => Repr::Int(values[i]),
            Column::Canonical { bytes, ends } => {
                let start = if i == 0 { 0 } else { ends[i - 1] as usize };
                let bytes = &bytes[start..ends[i] as usize];
                match int_of(bytes) {
                    Some(value) => Repr::Int(value),
                    None => Repr::Canonical(bytes),
                }
            }
        };
        KeyRef {
            hash: self.hashes[i],
            repr,
        }
    }

    /// The hash of the key of row `i`, without the key.
    ///
    /// # Panics
    /// If `i` is not below [`Keys::len`].
    #[inline]
    pub fn hash(&self, i: usize) -> u64 {
        self.hashes[i]
    }

    /// Adds the key of a whole number.
    #[inline]
    pub fn push_int(&mut self, value: i64) {
        match &mut self.column {
            Column::Ints(values) => {
                values.push(value);
                self.hashes.push(xxh3_64(&canonical_int(value)));
            }
            Column::Canonical { .. } => self.push_canonical(&[&canonical_int(value)]),
        }
    }

    /// Adds the key of a text.
    pub fn push_text(&mut self, value: &str) {
        self.push_canonical(&[&[TEXT], value.as_bytes()]);
    }

    /// Adds the key of bytes.
    pub fn push_bytes(&mut self, value: &[u8]) {
        self.push_canonical(&[&[BYTES], value]);
    }

    /// Adds the key of a truth value.
    pub fn push_bool(&mut self, value: bool) {
        self.push_canonical(&[&[BOOL, u8::from(value)]]);
    }

    /// Adds the key of a floating-point number. All zeros are one key, and so are all not-a-numbers.
    pub fn push_float(&mut self, value: f64) {
        let value = if value == 0.0 {
            0.0
        } else if value.is_nan() {
            f64::NAN
        } else {
            value
        };
        self.push_canonical(&[&[FLOAT], &value.to_bits().to_be_bytes()]);
    }

    /// Adds the key of a missing value; all missing values are one key.
    pub fn push_null(&mut self) {
        self.push_canonical(&[&[NULL]]);
    }

    /// Adds a copy of `key`.
    pub fn push(&mut self, key: KeyRef<'_>) {
        match key.repr {
            Repr::Int(value) => self.push_int(value),
            Repr::Canonical(bytes) => self.push_canonical(&[bytes]),
        }
    }

    fn push_canonical(&mut self, parts: &[&[u8]]) {
        if let Column::Ints(values) = &self.column {
            let mut bytes = Vec::with_capacity(values.len() * 9 + 32);
            let mut ends = Vec::with_capacity(values.capacity());
            for value in values {
                bytes.extend_from_slice(&canonical_int(*value));
                ends.push(bytes.len() as u32);
            }
            self.column = Column::Canonical { bytes, ends };
        }
        let Column::Canonical { bytes, ends } = &mut self.column else {
            unreachable!("bug in kis: the column was just made canonical")
        };
        let start = bytes.len();
        for part in parts {
            bytes.extend_from_slice(part);
        }
        ends.push(bytes.len() as u32);
        self.hashes.push(xxh3_64(&bytes[start..]));
    }
}

/// The key group of a hash.
#[inline]
pub(crate) fn group_of(hash: u64) -> u8 {
    (hash % KEY_GROUPS) as u8
}

/// The lane of a hash: groups are spread over the lanes in ranges of equal size.
#[inline]
pub(crate) fn lane_of(hash: u64, lanes: usize) -> usize {
    lane_of_group(group_of(hash), lanes)
}

/// The lane of a key group.
#[inline]
pub(crate) fn lane_of_group(group: u8, lanes: usize) -> usize {
    usize::from(group) * lanes / KEY_GROUPS as usize
}

/// The key groups of a lane.
pub(crate) fn groups_of(lane: usize, lanes: usize) -> std::ops::Range<u8> {
    let first = |lane: usize| (lane * KEY_GROUPS as usize).div_ceil(lanes) as u8;
    first(lane)..first(lane + 1)
}

#[inline]
fn canonical_int(value: i64) -> [u8; 9] {
    let mut bytes = [INT; 9];
    bytes[1..].copy_from_slice(&value.to_be_bytes());
    bytes
}

fn int_of(canonical: &[u8]) -> Option<i64> {
    match canonical {
        [INT, value @ ..] => value.try_into().ok().map(i64::from_be_bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_may_mix_types_and_keeps_hashes() {
        let mut keys = Keys::default();
        keys.push_int(7);
        keys.push_text("张三");
        keys.push_int(-1);
        keys.push_null();
        keys.push_float(-0.0);
        assert_eq!(keys.get(0), KeyRef::int(7));
        assert_eq!(keys.get(2).hash(), KeyRef::int(-1).hash());
        assert_eq!(keys.get(1).to_string(), "张三");
        assert_eq!(keys.get(3).to_string(), "null");
        assert_eq!(keys.get(4).to_string(), "0");
        for i in 0..keys.len() {
            let key = keys.get(i);
            assert_eq!(KeyRef::from_canonical(&key.canonical()), key);
            assert_eq!(KeyRef::from_canonical(&key.canonical()).hash(), key.hash());
            assert!(key.is(&key.to_key()));
        }
    }

    #[test]
    fn lanes_get_equal_shares_of_groups() {
        for lanes in 1..=9 {
            let mut counts = vec![0; lanes];
            for lane in 0..lanes {
                assert!(groups_of(lane, lanes).all(|group| lane_of_group(group, lanes) == lane));
            }
            assert_eq!(
                (0..lanes).map(|lane| groups_of(lane, lanes).len()).sum::<usize>(),
                128
            );
            for group in 0..KEY_GROUPS {
                counts[lane_of(group, lanes)] += 1;
            }
            assert!(
                counts
                    .iter()
                    .all(|n| (KEY_GROUPS as usize / lanes..=KEY_GROUPS as usize / lanes + 1).contains(n))
            );
        }
    }
}
