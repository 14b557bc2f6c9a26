//! YAML as a tree in which everything knows its place.

use std::fmt;
use std::sync::Arc;

use crate::scalar;
use crate::{Place, Placed};

/// A value of a YAML file. Two are equal if they hold the same, wherever they stand.
#[derive(Clone)]
pub struct Node {
    /// Where the value begins.
    pub place: Place,
    /// What it is.
    pub data: Data,
}

/// What a [`Node`] holds.
#[derive(Clone, PartialEq)]
pub enum Data {
    /// Nothing: `null`, `~`, or no value at all.
    Null,
    /// A word, a number, a text.
    Scalar(Scalar),
    /// `- a` or `[a, b]`.
    List(Vec<Node>),
    /// `k: v` or `{ k: v }`. Keys are unique; merge keys are already merged.
    Map(Vec<Entry>),
}

/// One `key: value` of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Placed<String>,
    /// The value.
    pub value: Node,
}

/// A scalar as it is written. What it means depends on the type that is asked for: `yes` is a bool where a bool is asked
/// for, and a text where a text is.
#[derive(Clone, PartialEq)]
pub struct Scalar {
    /// The text, with `${..}` looked up.
    pub text: String,
    /// It stands in quotes or is a block scalar, so it is a text wherever any type will do.
    pub quoted: bool,
    /// It holds a `${env:..}` or `${file:..}` that is looked up later, when the flow runs.
    pub deferred: bool,
    /// It came from a `${env:..}` or `${file:..}`: never print it.
    pub secret: bool,
    /// How it is written, if that differs from the text because it holds a `${..}`.
    pub written: Option<Arc<str>>,
}

impl Scalar {
    /// A plain scalar.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            quoted: false,
            deferred: false,
            secret: false,
            written: None,
        }
    }

    /// A text in quotes.
    pub fn quoted(text: impl Into<String>) -> Self {
        Self {
            quoted: true,
            ..Self::plain(text)
        }
    }

    /// What may be printed: the text, or the `${..}` it came from.
    pub fn shown(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.text)
    }

    /// The scalar as a bool, if it is one: `true`, `yes`, `on` and their opposites.
    pub fn as_bool(&self) -> Option<bool> {
        scalar::bool(&self.text)
    }

    /// The scalar as a whole number: decimal, `0x`, `0o`, `0b`, leading-zero octal, `_` between digits, or with a `k`, `M`, `G`.
    pub fn as_int(&self) -> Option<i64> {
        scalar::int(&self.text)
    }

    /// The scalar as a number.
    pub fn as_float(&self) -> Option<f64> {
        scalar::float(&self.text)
    }

    /// What the scalar is where any type will do, by the rules of YAML 1.2 (`yes` is a text there).
    pub fn resolve(&self) -> Resolved<'_> {
        match self.quoted || self.secret || self.deferred {
            true => Resolved::Text(&self.text),
            false => scalar::resolve(&self.text),
        }
    }
}

/// What a scalar is where any type will do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or an exponent, or one that is too large for an `i64`.
    Float(f64),
    /// Everything else.
    Text(&'a str),
}

impl Node {
    /// A value that no file holds: the program made it.
    pub fn new(data: Data) -> Self {
        Self {
            place: Place::in_code(),
            data,
        }
    }

    /// No value.
    pub fn null(place: Place) -> Self {
        Self {
            place,
            data: Data::Null,
        }
    }

    /// A plain scalar.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(Data::Scalar(Scalar::plain(text)))
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Data::Scalar(Scalar::quoted(text)))
    }

    /// A map.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Node)>) -> Self {
        let entry = |(key, value): (K, Node)| Entry {
            key: Placed::new(key.into(), Place::in_code()),
            value,
        };
        Self::new(Data::Map(entries.into_iter().map(entry).collect()))
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Node>) -> Self {
        Self::new(Data::List(items.into_iter().collect()))
    }

    /// The value is missing or `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// The scalar, if it is one.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.data {
            Data::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.data {
            Data::Map(entries) => entries.iter().find(|e| e.key.value == key).map(|e| &e.value),
            _ => None,
        }
    }

    /// What the value is, for a message: `the text abc`, `a list`.
    pub fn describe(&self) -> String {
        match &self.data {
            Data::Null => "nothing".to_owned(),
            Data::Scalar(scalar) => show(scalar.shown()),
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a map".to_owned(),
        }
    }
}

/// A word as a message prints it: in quotes if it would not be seen otherwise, and not too long.
pub(crate) fn show(text: &str) -> String {
    const LONGEST: usize = 60;
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '"';
    let short: String = text.chars().take(LONGEST).collect();
    let dots = if short.len() < text.len() { "..." } else { "" };
    match !text.is_empty() && text.chars().all(plain) {
        true => format!("{short}{dots}"),
        false => format!("{short:?}{dots}"),
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

/// Compact, without places, so that a snapshot shows what was read; secrets are shown as they are written.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.data.fmt(f)
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Data::Null => f.write_str("null"),
            Data::Scalar(scalar) => scalar.fmt(f),
            Data::List(items) => f.debug_list().entries(items).finish(),
            Data::Map(entries) => f
                .debug_map()
                .entries(entries.iter().map(|e| (&e.key.value, &e.value)))
                .finish(),
        }
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.written, self.resolve()) {
            (Some(written), _) => write!(f, "{written:?}"),
            (None, Resolved::Text(text)) => write!(f, "{text:?}"),
            (None, _) => f.write_str(&self.text),
        }
    }
}
