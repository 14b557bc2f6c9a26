//! The types that a field of a row may have.

use std::time::Duration;

use bytes::Bytes;
use jiff::{Timestamp, civil};

use super::{FieldError, Json, Kind, Texts, Value, json::Decimal};

/// A type that can be a field of a row.
///
/// It is there for numbers, `bool`, `char`, `String`, bytes, `jiff`'s times, `std::time::Duration`, `Option`, `Vec`,
/// maps from `String`, row types, and enums with `#[derive(FieldValue)]`. Mark other fields `#[row(json)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a row",
    label = "not a field value",
    note = "for an enum of words add `#[derive(FieldValue)]`, for a struct `#[derive(Row)]`; mark a field of any other type that serde can write `#[row(json)]`"
)]
pub trait FieldValue: Sized + Send + Sync + 'static {
    /// The kind of the type.
    const KIND: Kind;
    /// The kind of a `Vec` of this type.
    #[doc(hidden)]
    const LIST_KIND: Kind = Kind::List(&Self::KIND);

    /// The value, borrowed.
    fn value(&self) -> Value<'_>;
    /// The value from a field of another row type; `None` when it does not fit.
    fn build(value: Value<'_>) -> Option<Self>;
    /// The value from a text, as CSV has it; `None` when the text is not one.
    fn from_text(text: &str) -> Option<Self>;
    /// A copy.
    fn copy(&self) -> Self;
    /// The value that stands for none at all: `Some(None)` for an `Option`, nothing for other types.
    #[inline]
    fn missing() -> Option<Self> {
        None
    }
    /// The value from bytes without a form.
    fn from_raw(bytes: &[u8]) -> Option<Self> {
        Self::from_text(std::str::from_utf8(bytes).ok()?)
    }

    /// The value that stands here in a JSON text, if it can be read without serde and as serde would.
    #[doc(hidden)]
    #[inline]
    fn from_json(_: &mut Json<'_>) -> Option<Self> {
        None
    }

    /// The value from field `i` of another row type. The derive calls it, and the ones below, through the trait, so
    /// that a type which is no field value is one error.
    #[doc(hidden)]
    #[inline]
    fn view(i: usize, value: Value<'_>) -> Result<Self, FieldError> {
        match value {
            Value::Missing => Self::missing().ok_or_else(|| FieldError::missing(i)),
            value => Self::build(value).ok_or_else(|| FieldError::value(i, &value)),
        }
    }
    #[doc(hidden)]
    #[inline]
    fn view_or(i: usize, value: Value<'_>, default: impl FnOnce() -> Self) -> Result<Self, FieldError> {
        match value {
            Value::Missing => Ok(default()),
            value => Self::view(i, value),
        }
    }
    #[doc(hidden)]
    #[inline]
    fn read(i: usize, texts: &Texts<'_>) -> Result<Self, FieldError> {
        texts.get(i)
    }
    #[doc(hidden)]
    #[inline]
    fn read_or(i: usize, texts: &Texts<'_>, default: impl FnOnce() -> Self) -> Result<Self, FieldError> {
        texts.get_or(i, default)
    }
    #[doc(hidden)]
    fn whole(bytes: &[u8]) -> Result<Self, FieldError> {
        Self::from_raw(bytes).ok_or_else(|| match std::str::from_utf8(bytes) {
            Ok(text) => FieldError::text(0, text, Self::KIND),
            Err(_) => FieldError::not_utf8(0),
        })
    }

    #[doc(hidden)]
    fn list_value(list: &Vec<Self>) -> Value<'_> {
        Value::List(list)
    }
    #[doc(hidden)]
    fn list_build(value: Value<'_>) -> Option<Vec<Self>> {
        match value {
            Value::List(list) => (0..list.count()).map(|i| Self::build(list.item(i))).collect(),
            _ => None,
        }
    }
    #[doc(hidden)]
    fn list_from_raw(bytes: &[u8]) -> Option<Vec<Self>> {
        let _ = bytes;
        None
    }
    #[doc(hidden)]
    fn list_copy(list: &[Self]) -> Vec<Self> {
        list.iter().map(Self::copy).collect()
    }
}

macro_rules! whole_numbers {
    ($($type:ty: $kind:expr, $as:ident, $repr:ty, $json:ident;)*) => {$(
        impl FieldValue for $type {
            const KIND: Kind = $kind;
            #[inline]
            fn value(&self) -> Value<'_> {
                Value::$as(*self as $repr)
            }
            #[inline]
            fn build(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Int(v) => v.try_into().ok(),
                    Value::UInt(v) => v.try_into().ok(),
                    Value::Wide(v) => v.try_into().ok(),
                    _ => None,
                }
            }
            #[inline]
            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            #[inline]
            fn copy(&self) -> Self {
                *self
            }
            #[inline]
            fn from_json(json: &mut Json<'_>) -> Option<Self> {
                json.$json()?.try_into().ok()
            }
        }
    )*};
}

whole_numbers! {
    i8: Kind::Int(8), Int, i64, signed;
    i16: Kind::Int(16), Int, i64, signed;
    i32: Kind::Int(32), Int, i64, signed;
    i64: Kind::Int(64), Int, i64, signed;
    isize: Kind::Int(64), Int, i64, signed;
    i128: Kind::Int(128), Wide, i128, signed;
    u16: Kind::UInt(16), UInt, u64, unsigned;
    u32: Kind::UInt(32), UInt, u64, unsigned;
    u64: Kind::UInt(64), UInt, u64, unsigned;
    usize: Kind::UInt(64), UInt, u64, unsigned;
}

impl FieldValue for u8 {
    const KIND: Kind = Kind::UInt(8);
    const LIST_KIND: Kind = Kind::Bytes;

    fn value(&self) -> Value<'_> {
        Value::UInt(u64::from(*self))
    }
    fn build(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Int(v) => v.try_into().ok(),
            Value::UInt(v) => v.try_into().ok(),
            _ => None,
        }
    }
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn copy(&self) -> Self {
        *self
    }
    #[inline]
    fn from_json(json: &mut Json<'_>) -> Option<Self> {
        json.unsigned()?.try_into().ok()
    }
    fn list_value(list: &Vec<Self>) -> Value<'_> {
        Value::Bytes(list)
    }
    fn list_build(value: Value<'_>) -> Option<Vec<Self>> {
        match value {
            Value::Bytes(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }
    fn list_from_raw(bytes: &[u8]) -> Option<Vec<Self>> {
        Some(bytes.to_vec())
    }
    fn list_copy(list: &[Self]) -> Vec<Self> {
        list.to_vec()
    }
}

macro_rules! floats {
    ($($type:ty: $bits:literal, $tens:expr;)*) => {$(
        impl FieldValue for $type {
            const KIND: Kind = Kind::Float($bits);
            #[inline]
            fn value(&self) -> Value<'_> {
                Value::Float(f64::from(*self))
            }
            #[inline]
            fn build(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Float(v) => Some(v as $type),
                    Value::Int(v) => Some(v as $type),
                    Value::UInt(v) => Some(v as $type),
                    _ => None,
                }
            }
            #[inline]
            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            #[inline]
            fn copy(&self) -> Self {
                *self
            }
            #[inline]
            fn from_json(json: &mut Json<'_>) -> Option<Self> {
                // A quotient of two numbers that are exact is rounded once, whoever divides.
                const TENS: &[$type] = &$tens;
                json.float(|Decimal { negative, digits, behind_point }| {
                    let tens = TENS.get(behind_point as usize)?;
                    let exact = digits < 1 << <$type>::MANTISSA_DIGITS;
                    let value = digits as $type / tens;
                    exact.then_some(if negative { -value } else { value })
                })
            }
        }
    )*};
}

floats! {
    f32: 32, [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];
    f64: 64, [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ];
}

macro_rules! plain {
    ($($type:ty: $kind:ident, |$text:ident| $parse:expr $(, |$json:ident| $read:expr)?;)*) => {$(
        impl FieldValue for $type {
            const KIND: Kind = Kind::$kind;
            #[inline]
            fn value(&self) -> Value<'_> {
                Value::$kind(*self)
            }
            #[inline]
            fn build(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::$kind(v) => Some(v),
                    _ => None,
                }
            }
            #[inline]
            fn from_text($text: &str) -> Option<Self> {
                $parse
            }
            #[inline]
            fn copy(&self) -> Self {
                *self
            }
            $(
                #[inline]
                fn from_json($json: &mut Json<'_>) -> Option<Self> {
                    $read
                }
            )?
        }
    )*};
}

plain! {
    bool: Bool, |text| match text {
        "true" | "TRUE" | "True" | "1" => Some(true),
        "false" | "FALSE" | "False" | "0" => Some(false),
        _ => None,
    }, |json| if json.eat(b"true") {
        Some(true)
    } else {
        json.eat(b"false").then_some(false)
    };
    char: Char, |text| text.parse().ok();
    Timestamp: Timestamp, |text| text.parse().ok();
    civil::Date: Date, |text| text.parse().ok();
    civil::Time: Time, |text| text.parse().ok();
    civil::DateTime: DateTime, |text| text.parse().ok();
    Duration: Duration, |text| text.parse::<jiff::SignedDuration>().ok()?.try_into().ok();
}

impl FieldValue for String {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
    fn build(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn copy(&self) -> Self {
        self.clone()
    }
    #[inline]
    fn from_json(json: &mut Json<'_>) -> Option<Self> {
        json.text().map(str::to_owned)
    }
}

impl FieldValue for Bytes {
    const KIND: Kind = Kind::Bytes;

    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
    fn build(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(Bytes::copy_from_slice(bytes)),
            _ => None,
        }
    }
    fn from_text(text: &str) -> Option<Self> {
        Some(Bytes::copy_from_slice(text.as_bytes()))
    }
    fn copy(&self) -> Self {
        self.clone()
    }
    fn from_raw(bytes: &[u8]) -> Option<Self> {
        Some(Bytes::copy_from_slice(bytes))
    }
}
