//! Keys from the values of fields.

use super::{Value, key::Keys};

impl Keys {
    /// Adds the key of a field's value. Lists, maps and rows are keys by the text of their contents.
    pub fn push_value(&mut self, value: Value<'_>) {
        match value {
            Value::Missing | Value::Null => self.push_null(),
            Value::Bool(v) => self.push_bool(v),
            Value::Int(v) => self.push_int(v),
            Value::UInt(v) => match i64::try_from(v) {
                Ok(v) => self.push_int(v),
                Err(_) => self.push_text(&v.to_string()),
            },
            Value::Wide(v) => match i64::try_from(v) {
                Ok(v) => self.push_int(v),
                Err(_) => self.push_text(&v.to_string()),
            },
            Value::Float(v) => self.push_float(v),
            Value::Char(v) => self.push_text(v.encode_utf8(&mut [0; 4])),
            Value::Text(v) => self.push_text(v),
            Value::Bytes(v) => self.push_bytes(v),
            Value::Timestamp(v) => self.push_text(&v.to_string()),
            Value::Date(v) => self.push_text(&v.to_string()),
            Value::Time(v) => self.push_text(&v.to_string()),
            Value::DateTime(v) => self.push_text(&v.to_string()),
            Value::Duration(_) | Value::List(_) | Value::Map(_) | Value::Row(_) | Value::Other(_) => {
                self.push_text(&format!("{value:?}"));
            }
        }
    }
}
