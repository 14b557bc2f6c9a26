//! Why a field could not be read, and the sentence that says so.

use super::{Kind, Shape};

/// Why a row could not be made: the field, and what was found there.
#[derive(Debug)]
pub struct FieldError {
    field: usize,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Missing,
    NotAvailable(String),
    Text(String, Kind),
    Value(String),
    NotRaw,
    NotUtf8,
}

impl FieldError {
    /// The field is not there.
    pub fn missing(field: usize) -> FieldError {
        FieldError {
            field,
            why: Why::Missing,
        }
    }

    /// The value of another type's field does not fit.
    pub fn value(field: usize, found: &super::Value<'_>) -> FieldError {
        FieldError {
            field,
            why: Why::Value(short(&format!("{found:?}"))),
        }
    }

    /// The type cannot be made from bytes without a form.
    pub fn not_raw() -> FieldError {
        FieldError {
            field: 0,
            why: Why::NotRaw,
        }
    }

    /// The bytes of a text field are not UTF-8.
    pub fn not_utf8(field: usize) -> FieldError {
        FieldError {
            field,
            why: Why::NotUtf8,
        }
    }

    pub(crate) fn not_available(field: usize, text: &str) -> FieldError {
        FieldError {
            field,
            why: Why::NotAvailable(text.to_owned()),
        }
    }

    pub(crate) fn text(field: usize, text: &str, kind: Kind) -> FieldError {
        FieldError {
            field,
            why: Why::Text(short(text), kind),
        }
    }

    /// The sentence for a row type of `shape`; `place` is the word for a field there: "field" or "column".
    pub(crate) fn say(&self, shape: &Shape, place: &str) -> String {
        let (name, kind) = match shape.fields.get(self.field) {
            Some(field) => (field.name, field.kind),
            None => return format!("{} has no field {}", shape.name, self.field),
        };
        match &self.why {
            Why::Missing => format!("{place} {name}: {kind} of {} is missing", shape.name),
            Why::NotAvailable(text) => {
                format!(
                    "{place} {name} is {text:?}, which stands for no value, but {} wants {kind}; make the field an Option",
                    shape.name
                )
            }
            Why::Text(text, kind) => format!("{place} {name} is {text:?}, which is not a value of {kind}"),
            Why::Value(found) => format!("{place} {name} is {found}, which is not a value of {kind}"),
            Why::NotRaw => format!(
                "raw bytes cannot become {}: a type for raw rows has one field of String, Vec<u8> or Bytes",
                shape.name
            ),
            Why::NotUtf8 => {
                format!("{place} {name} is not UTF-8; a field of Vec<u8> or Bytes takes any bytes")
            }
        }
    }
}

/// The first characters of a text, for a message.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
