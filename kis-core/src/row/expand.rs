//! What the expansions of `derive(Row)` and `derive(FieldValue)` call: one line for each field there, the logic here.

use serde::{Serialize, de::DeserializeOwned};

use super::{FieldError, Value};

pub use super::field_nested::nested;

/// The value of field `i`, marked `#[row(json)]`, from a field of another row type.
pub fn json_field<T: Clone + Serialize + DeserializeOwned + 'static>(
    i: usize,
    value: Value<'_>,
) -> Result<T, FieldError> {
    match value {
        Value::Missing => Err(FieldError::missing(i)),
        Value::Other(other) => match other.as_any().downcast_ref::<T>() {
            Some(same) => Ok(same.clone()),
            None => other
                .to_json()
                .ok()
                .and_then(|json| serde_json::from_value(json).ok())
                .ok_or_else(|| FieldError::value(i, &value)),
        },
        _ => Err(FieldError::value(i, &value)),
    }
}

/// The same for a field marked `#[row(json)]` that may be missing.
pub fn json_field_or<T: Clone + Serialize + DeserializeOwned + 'static>(
    i: usize,
    value: Value<'_>,
    default: impl FnOnce() -> T,
) -> Result<T, FieldError> {
    match value {
        Value::Missing => Ok(default()),
        value => json_field(i, value),
    }
}
