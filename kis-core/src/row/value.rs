//! One field's value, whatever its type: what a view of another row type, a key and `must` read.

use std::{
    any::Any,
    collections::{BTreeMap, HashMap},
    fmt,
};

use jiff::{Timestamp, civil};
use serde::Serialize;

use super::{FieldValue, Row, Shape};

/// The value of one field, borrowed from its row.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Value<'a> {
    /// The row has no such field.
    Missing,
    /// `None`, or JSON's null.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number that fits `i64`.
    Int(i64),
    /// A whole number without sign.
    UInt(u64),
    /// A floating-point number.
    Float(f64),
    /// A whole number that fits neither `i64` nor `u64`.
    Wide(i128),
    /// One character.
    Char(char),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A moment in time.
    Timestamp(Timestamp),
    /// A calendar day.
    Date(civil::Date),
    /// A time of day.
    Time(civil::Time),
    /// A day and a time.
    DateTime(civil::DateTime),
    /// A length of time.
    Duration(std::time::Duration),
    /// A list.
    List(&'a dyn ListValue),
    /// A map.
    Map(&'a dyn MapValue),
    /// A row inside the row.
    Row(&'a dyn RowValue),
    /// A value of another type, marked `#[row(json)]`.
    Other(&'a dyn OtherValue),
}

impl Value<'_> {
    /// Whether there is no value: the field is missing, or holds `None`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Missing | Value::Null)
    }
}

/// A list, whatever its items are.
pub trait ListValue {
    /// How many items it has.
    fn count(&self) -> usize;
    /// The item at `i`.
    fn item(&self, i: usize) -> Value<'_>;
}

/// A map from texts, whatever its values are.
pub trait MapValue {
    /// Calls `each` for each entry.
    fn entries<'a>(&'a self, each: &mut dyn FnMut(&'a str, Value<'a>));
}

/// A row inside a row, whatever its type.
pub trait RowValue {
    /// Its shape.
    fn shape(&self) -> &'static Shape;
    /// The value of its field `i`.
    fn field(&self, i: usize) -> Value<'_>;
    /// The row itself.
    fn as_any(&self) -> &dyn Any;
}

/// A value that only its own type understands.
pub trait OtherValue {
    /// The value itself.
    fn as_any(&self) -> &dyn Any;
    /// The value as JSON.
    ///
    /// # Errors
    /// The text of the serializer, if the type cannot be written as JSON.
    fn to_json(&self) -> Result<serde_json::Value, String>;
}

impl<T: Row> RowValue for T {
    fn shape(&self) -> &'static Shape {
        T::SHAPE
    }

    fn field(&self, i: usize) -> Value<'_> {
        Row::field(self, i)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl<T: FieldValue> ListValue for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn item(&self, i: usize) -> Value<'_> {
        self[i].value()
    }
}

impl<T: FieldValue> MapValue for BTreeMap<String, T> {
    fn entries<'a>(&'a self, each: &mut dyn FnMut(&'a str, Value<'a>)) {
        self.iter().for_each(|(k, v)| each(k, v.value()));
    }
}

impl<T: FieldValue> MapValue for HashMap<String, T> {
    fn entries<'a>(&'a self, each: &mut dyn FnMut(&'a str, Value<'a>)) {
        self.iter().for_each(|(k, v)| each(k, v.value()));
    }
}

impl<T: Serialize + Any> OtherValue for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn to_json(&self) -> Result<serde_json::Value, String> {
        serde_json::to_value(self).map_err(|e| e.to_string())
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Missing => f.write_str("(missing)"),
            Value::Null => f.write_str("null"),
            Value::Bool(v) => v.fmt(f),
            Value::Int(v) => v.fmt(f),
            Value::UInt(v) => v.fmt(f),
            Value::Float(v) => v.fmt(f),
            Value::Wide(v) => v.fmt(f),
            Value::Char(v) => v.fmt(f),
            Value::Text(v) => v.fmt(f),
            Value::Bytes(v) => v.fmt(f),
            Value::Timestamp(v) => v.fmt(f),
            Value::Date(v) => v.fmt(f),
            Value::Time(v) => v.fmt(f),
            Value::DateTime(v) => v.fmt(f),
            Value::Duration(v) => v.fmt(f),
            Value::List(list) => f
                .debug_list()
                .entries((0..list.count()).map(|i| list.item(i)))
                .finish(),
            Value::Map(map) => {
                let mut out = f.debug_map();
                map.entries(&mut |k, v| {
                    out.entry(&k, &v);
                });
                out.finish()
            }
            Value::Row(row) => {
                let mut out = f.debug_struct(row.shape().name);
                for (i, field) in row.shape().fields.iter().enumerate() {
                    out.field(field.name, &row.field(i));
                }
                out.finish()
            }
            Value::Other(other) => match other.to_json() {
                Ok(json) => write!(f, "{json}"),
                Err(error) => write!(f, "(not JSON: {error})"),
            },
        }
    }
}
