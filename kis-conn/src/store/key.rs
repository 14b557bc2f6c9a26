//! Keys whose bytes sort as their values do, alone and in tuples.

use std::fmt::Write;

/// A key of an embedded table: whole numbers, texts, bools, bytes, and tuples of these.
///
/// The bytes of two keys compare as the keys do, and a whole number has the same bytes in every type, so a row
/// put under `7u8` is found under `7i64`.
///
/// ```
/// use kis_conn::store::TableKey;
/// assert!((-1i64).key() < 300u16.key());
/// assert!(("UA", 2).key() < ("UA", 10).key());
/// assert_eq!(7u8.key(), 7i64.key());
/// ```
pub trait TableKey {
    /// Appends the key's bytes.
    fn encode(&self, to: &mut Vec<u8>);

    /// The key's bytes.
    fn key(&self) -> Vec<u8> {
        let mut to = Vec::with_capacity(16);
        self.encode(&mut to);
        to
    }
}

/// One part of a key that was read back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyPart {
    /// Nothing: an `Option` that is `None`.
    None,
    /// Bytes.
    Bytes(Vec<u8>),
    /// A text.
    Text(String),
    /// A whole number.
    Int(i128),
    /// A bool.
    Bool(bool),
}

const NONE: u8 = 0x00;
const BYTES: u8 = 0x01;
const TEXT: u8 = 0x02;
/// The tag of the number 0; a number of n bytes has the tag `ZERO + n`, a negative one `ZERO - n`.
const ZERO: u8 = 0x14;
const FALSE: u8 = 0x26;
const TRUE: u8 = 0x27;

impl TableKey for [u8] {
    fn encode(&self, to: &mut Vec<u8>) {
        to.push(BYTES);
        put_escaped(self, to);
    }
}

impl TableKey for str {
    fn encode(&self, to: &mut Vec<u8>) {
        to.push(TEXT);
        put_escaped(self.as_bytes(), to);
    }
}

impl TableKey for String {
    fn encode(&self, to: &mut Vec<u8>) {
        self.as_str().encode(to);
    }
}

impl TableKey for char {
    fn encode(&self, to: &mut Vec<u8>) {
        self.encode_utf8(&mut [0; 4]).encode(to);
    }
}

impl TableKey for bool {
    fn encode(&self, to: &mut Vec<u8>) {
        to.push(if *self { TRUE } else { FALSE });
    }
}

impl<T: TableKey> TableKey for Option<T> {
    fn encode(&self, to: &mut Vec<u8>) {
        match self {
            None => to.push(NONE),
            Some(key) => key.encode(to),
        }
    }
}

impl<T: TableKey + ?Sized> TableKey for &T {
    fn encode(&self, to: &mut Vec<u8>) {
        (**self).encode(to);
    }
}

macro_rules! unsigned {
    ($($int:ty)+) => {$(
        impl TableKey for $int {
            fn encode(&self, to: &mut Vec<u8>) {
                put_magnitude(*self as u64, false, to);
            }
        }
    )+};
}
unsigned!(u8 u16 u32 u64 usize);

macro_rules! signed {
    ($($int:ty)+) => {$(
        impl TableKey for $int {
            fn encode(&self, to: &mut Vec<u8>) {
                put_magnitude((*self as i64).unsigned_abs(), *self < 0, to);
            }
        }
    )+};
}
signed!(i8 i16 i32 i64 isize);

macro_rules! tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: TableKey),+> TableKey for ($($name,)+) {
            fn encode(&self, to: &mut Vec<u8>) {
                $(self.$index.encode(to);)+
            }
        }
    };
}
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);

impl KeyPart {
    /// The parts of a key, or nothing if the bytes are not one.
    pub fn parse(mut bytes: &[u8]) -> Option<Vec<KeyPart>> {
        let mut parts = Vec::new();
        while let Some((&tag, rest)) = bytes.split_first() {
            let (part, rest) = match tag {
                NONE => (KeyPart::None, rest),
                FALSE => (KeyPart::Bool(false), rest),
                TRUE => (KeyPart::Bool(true), rest),
                BYTES => take_escaped(rest).map(|(bytes, rest)| (KeyPart::Bytes(bytes), rest))?,
                TEXT => {
                    let (bytes, rest) = take_escaped(rest)?;
                    (KeyPart::Text(String::from_utf8(bytes).ok()?), rest)
                }
                _ => take_int(tag, rest)?,
            };
            parts.push(part);
            bytes = rest;
        }
        Some(parts)
    }
}

/// A key's bytes as people read it: `UA`, `17`, `(UA, 17)`.
///
/// ```
/// use kis_conn::store::{TableKey, show_key};
/// assert_eq!(show_key(&("UA", 17).key()), "(UA, 17)");
/// ```
pub fn show_key(bytes: &[u8]) -> String {
    let Some(parts) = KeyPart::parse(bytes) else {
        return hex(bytes);
    };
    let mut texts = parts.into_iter().map(|part| match part {
        KeyPart::None => "none".to_owned(),
        KeyPart::Bytes(bytes) => hex(&bytes),
        KeyPart::Text(text) => text,
        KeyPart::Int(int) => int.to_string(),
        KeyPart::Bool(bool) => bool.to_string(),
    });
    match (texts.next(), texts.next()) {
        (None, _) => "()".to_owned(),
        (Some(one), None) => one,
        (Some(first), Some(second)) => {
            let rest: String = texts.map(|text| format!(", {text}")).collect();
            format!("({first}, {second}{rest})")
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes with each 0 as `00 FF`, and `00` behind them: a prefix sorts before what it begins.
fn put_escaped(bytes: &[u8], to: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(zero) = memchr::memchr(0, rest) {
        to.extend_from_slice(&rest[..=zero]);
        to.push(0xFF);
        rest = &rest[zero + 1..];
    }
    to.extend_from_slice(rest);
    to.push(0);
}

fn take_escaped(mut bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut text = Vec::new();
    loop {
        let zero = memchr::memchr(0, bytes)?;
        text.extend_from_slice(&bytes[..zero]);
        bytes = &bytes[zero + 1..];
        match bytes.first() {
            Some(0xFF) => {
                text.push(0);
                bytes = &bytes[1..];
            }
            _ => return Some((text, bytes)),
        }
    }
}

fn put_magnitude(magnitude: u64, negative: bool, to: &mut Vec<u8>) {
    let bytes = magnitude.to_be_bytes();
    let used = &bytes[magnitude.leading_zeros() as usize / 8..];
    let count = used.len() as u8;
    match negative {
        false => {
            to.push(ZERO + count);
            to.extend_from_slice(used);
        }
        true => {
            to.push(ZERO - count);
            to.extend(used.iter().map(|byte| !byte));
        }
    }
}

fn take_int(tag: u8, bytes: &[u8]) -> Option<(KeyPart, &[u8])> {
    let negative = tag < ZERO;
    let count = usize::from(tag.abs_diff(ZERO));
    if count > 8 {
        return None;
    }
    let (digits, rest) = bytes.split_at_checked(count)?;
    let flip = if negative { 0xFF } else { 0 };
    let magnitude = digits
        .iter()
        .fold(0i128, |sum, digit| (sum << 8) | i128::from(digit ^ flip));
    Some((KeyPart::Int(if negative { -magnitude } else { magnitude }), rest))
}

#[cfg(test)]
mod tests;
