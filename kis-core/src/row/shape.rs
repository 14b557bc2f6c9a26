//! What a row type looks like: its fields and their kinds, comparable while compiling.

use std::fmt;

/// The shape of a row type: its name and fields.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The type's name, `StuScore`.
    pub name: &'static str,
    /// The type's module path and name, `my_app::rows::StuScore`.
    pub path: &'static str,
    /// The fields in the order in which they are written.
    pub fields: &'static [Field],
}

/// One field of a row type.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name on the wire: the field's own, or what `#[row(rename = "..")]` or serde's `rename` says.
    pub name: &'static str,
    /// What the field holds.
    pub kind: Kind,
    /// Whether the field may be missing and then holds its default.
    pub default: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// `bool`
    Bool,
    /// A signed whole number of this many bits.
    Int(u8),
    /// A whole number without sign of this many bits.
    UInt(u8),
    /// A floating-point number of this many bits.
    Float(u8),
    /// `char`
    Char,
    /// `String`
    Text,
    /// `Vec<u8>` or `Bytes`
    Bytes,
    /// A moment in time: `jiff::Timestamp`.
    Timestamp,
    /// A calendar day without a zone: `jiff::civil::Date`.
    Date,
    /// A time of day without a zone: `jiff::civil::Time`.
    Time,
    /// A day and a time without a zone: `jiff::civil::DateTime`.
    DateTime,
    /// A length of time: `std::time::Duration`.
    Duration,
    /// `Option` of a kind.
    Opt(&'static Kind),
    /// `Vec` of a kind.
    List(&'static Kind),
    /// A map from texts to a kind.
    Map(&'static Kind),
    /// A row type inside a row.
    Row(&'static Shape),
    /// A type with `#[derive(FieldValue)]`, by its path.
    Named(&'static str),
    /// A field marked `#[row(json)]`, by the text of its type.
    Json(&'static str),
}

impl Shape {
    /// The position of the field called `name`.
    pub const fn find(&self, name: &str) -> Option<usize> {
        let mut i = 0;
        while i < self.fields.len() {
            if same_text(self.fields[i].name, name) {
                return Some(i);
            }
            i += 1;
        }
        None
    }

    /// Whether this is the shape of the same type: the same path and the same fields.
    pub const fn same(&self, other: &Shape) -> bool {
        if !same_text(self.path, other.path) || self.fields.len() != other.fields.len() {
            return false;
        }
        let mut i = 0;
        while i < self.fields.len() {
            let (a, b) = (&self.fields[i], &other.fields[i]);
            if !same_text(a.name, b.name) || !a.kind.same(b.kind) {
                return false;
            }
            i += 1;
        }
        true
    }

    /// A number that changes when a name or a kind changes, and not when fields change places.
    pub fn fingerprint(&self) -> u64 {
        let mut fields: Vec<String> = self
            .fields
            .iter()
            .map(|f| format!("{}:{}", f.name, f.kind.deep()))
            .collect();
        fields.sort();
        xxhash_rust::xxh3::xxh3_64(fields.join("\n").as_bytes())
    }

    /// The fields for people, one a line: `stu_id: i64`.
    pub fn text(&self) -> String {
        let fields = self.fields.iter().map(|f| format!("{}: {}", f.name, f.kind));
        fields.collect::<Vec<_>>().join("\n")
    }

    /// Whether raw bytes that are neither JSON nor CSV can become this type: it has one field of text or bytes.
    pub const fn holds_raw(&self) -> bool {
        self.fields.len() == 1 && matches!(self.fields[0].kind, Kind::Text | Kind::Bytes)
    }
}

impl Kind {
    /// Whether both are the same kind.
    pub const fn same(self, other: Kind) -> bool {
        use Kind::{
            Bool, Bytes, Char, Date, DateTime, Duration, Float, Int, Json, List, Map, Named, Opt, Row, Text,
            Time, Timestamp, UInt,
        };
        match (self, other) {
            (Bool, Bool)
            | (Char, Char)
            | (Text, Text)
            | (Bytes, Bytes)
            | (Timestamp, Timestamp)
            | (Date, Date)
            | (Time, Time)
            | (DateTime, DateTime)
            | (Duration, Duration) => true,
            (Int(a), Int(b)) | (UInt(a), UInt(b)) | (Float(a), Float(b)) => a == b,
            (Opt(a), Opt(b)) | (List(a), List(b)) | (Map(a), Map(b)) => a.same(*b),
            (Row(a), Row(b)) => a.same(b),
            (Named(a), Named(b)) | (Json(a), Json(b)) => same_text(a, b),
            _ => false,
        }
    }

    /// Whether every value of this kind is, without loss, a value of `wanted`: the same kind, a wider number,
    /// or `Option` of one that fits.
    pub const fn fits(self, wanted: Kind) -> bool {
        use Kind::{Float, Int, List, Map, Opt, Row, UInt};
        match (self, wanted) {
            (Int(a), Int(b)) | (UInt(a), UInt(b)) | (Float(a), Float(b)) => a <= b,
            (UInt(a), Int(b)) => a < b,
            (Int(a) | UInt(a), Float(b)) => (a <= 16 && b == 32) || (a <= 32 && b == 64),
            (Opt(a), Opt(b)) | (List(a), List(b)) | (Map(a), Map(b)) => a.fits(*b),
            (a, Opt(b)) => a.fits(*b),
            (Row(a), Row(b)) => {
                let mut i = 0;
                while i < b.fields.len() {
                    let wanted = &b.fields[i];
                    match a.find(wanted.name) {
                        Some(at) => {
                            if !a.fields[at].kind.fits(wanted.kind) {
                                return false;
                            }
                        }
                        None => {
                            if !wanted.default {
                                return false;
                            }
                        }
                    }
                    i += 1;
                }
                true
            }
            (a, b) => a.same(b),
        }
    }

    /// The Rust word for the kind, without what stands in angle brackets.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::Int(8) => "i8",
            Kind::Int(16) => "i16",
            Kind::Int(32) => "i32",
            Kind::Int(64) => "i64",
            Kind::Int(_) => "i128",
            Kind::UInt(8) => "u8",
            Kind::UInt(16) => "u16",
            Kind::UInt(32) => "u32",
            Kind::UInt(64) => "u64",
            Kind::UInt(_) => "u128",
            Kind::Float(32) => "f32",
            Kind::Float(_) => "f64",
            Kind::Char => "char",
            Kind::Text => "String",
            Kind::Bytes => "Bytes",
            Kind::Timestamp => "Timestamp",
            Kind::Date => "Date",
            Kind::Time => "Time",
            Kind::DateTime => "DateTime",
            Kind::Duration => "Duration",
            Kind::Opt(_) => "Option",
            Kind::List(_) => "Vec",
            Kind::Map(_) => "Map",
            Kind::Row(shape) => shape.name,
            Kind::Named(path) => last_segment(path),
            Kind::Json(text) => text,
        }
    }

    /// What stands in the angle brackets behind [`Kind::word`].
    pub const fn inner(self) -> Option<Kind> {
        match self {
            Kind::Opt(inner) | Kind::List(inner) | Kind::Map(inner) => Some(*inner),
            _ => None,
        }
    }

    /// The kind with the fields of rows inside spelt out.
    fn deep(self) -> String {
        match (self, self.inner()) {
            (Kind::Row(shape), _) => format!("{{{:016x}}}", shape.fingerprint()),
            (Kind::Named(path), _) => path.to_owned(),
            (_, Some(inner)) => format!("{}<{}>", self.word(), inner.deep()),
            (_, None) => self.word().to_owned(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self.inner() {
            Some(inner) => write!(f, "<{inner}>"),
            None => Ok(()),
        }
    }
}

/// `a == b`, for const code.
pub(crate) const fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

const fn last_segment(path: &'static str) -> &'static str {
    let bytes = path.as_bytes();
    let mut at = bytes.len();
    while at > 0 && bytes[at - 1] != b':' {
        at -= 1;
    }
    path.split_at(at).1
}

/// What is different between two texts of [`Shape::text`]: `field total: f64 was i64, field note is new`. Empty if nothing
/// is, as where only the fields of a row inside differ.
pub(crate) fn changes(was: &str, is: &str) -> String {
    let split = |line: &str| line.split_once(": ").map(|(n, k)| (n.to_owned(), k.to_owned()));
    let (was, is): (Vec<_>, Vec<_>) = (
        was.lines().filter_map(split).collect(),
        is.lines().filter_map(split).collect(),
    );
    let kind = |fields: &[(String, String)], name: &str| {
        fields
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, kind)| kind.clone())
    };
    let mut out = Vec::new();
    for (name, now) in &is {
        match kind(&was, name) {
            None => out.push(format!("field {name} is new")),
            Some(before) if before != *now => out.push(format!("field {name}: {now} was {before}")),
            Some(_) => {}
        }
    }
    let gone = was.iter().filter(|(name, _)| kind(&is, name).is_none());
    out.extend(gone.map(|(name, _)| format!("field {name} is gone")));
    out.join(", ")
}
