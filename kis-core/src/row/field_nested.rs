//! Fields that hold others: options, lists, maps, rows.

use std::collections::{BTreeMap, HashMap};

use super::{FieldValue, Json, Kind, Row, RowValue, Value};

impl<T: FieldValue> FieldValue for Option<T> {
    const KIND: Kind = Kind::Opt(&T::KIND);

    #[inline]
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::value)
    }
    #[inline]
    fn build(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::build(value).map(Some),
        }
    }
    #[inline]
    fn from_text(text: &str) -> Option<Self> {
        T::from_text(text).map(Some)
    }
    #[inline]
    fn copy(&self) -> Self {
        self.as_ref().map(T::copy)
    }
    #[inline]
    fn missing() -> Option<Self> {
        Some(None)
    }
    #[inline]
    fn from_json(json: &mut Json<'_>) -> Option<Self> {
        if json.eat(b"null") {
            return Some(None);
        }
        T::from_json(json).map(Some)
    }
    fn from_raw(bytes: &[u8]) -> Option<Self> {
        T::from_raw(bytes).map(Some)
    }
}

impl<T: FieldValue> FieldValue for Vec<T> {
    const KIND: Kind = T::LIST_KIND;

    fn value(&self) -> Value<'_> {
        T::list_value(self)
    }
    fn build(value: Value<'_>) -> Option<Self> {
        T::list_build(value)
    }
    fn from_text(text: &str) -> Option<Self> {
        T::list_from_raw(text.as_bytes())
    }
    fn copy(&self) -> Self {
        T::list_copy(self)
    }
    fn from_raw(bytes: &[u8]) -> Option<Self> {
        T::list_from_raw(bytes)
    }
}

macro_rules! maps {
    ($($map:ident),*) => {$(
        impl<T: FieldValue> FieldValue for $map<String, T> {
            const KIND: Kind = Kind::Map(&T::KIND);

            fn value(&self) -> Value<'_> {
                Value::Map(self)
            }
            fn build(value: Value<'_>) -> Option<Self> {
                let Value::Map(map) = value else { return None };
                let mut out = Some($map::new());
                map.entries(&mut |key, value| match (T::build(value), &mut out) {
                    (Some(value), Some(map)) => {
                        map.insert(key.to_owned(), value);
                    }
                    _ => out = None,
                });
                out
            }
            fn from_text(_: &str) -> Option<Self> {
                None
            }
            fn copy(&self) -> Self {
                self.iter().map(|(key, value)| (key.clone(), value.copy())).collect()
            }
        }
    )*};
}

maps!(BTreeMap, HashMap);

/// Makes a row that stands inside another from a value; what `#[derive(Row)]` uses for its `FieldValue`.
pub fn nested<T: Row>(value: Value<'_>) -> Option<T> {
    let Value::Row(row) = value else { return None };
    match row.as_any().downcast_ref::<T>() {
        Some(row) => Some(row.copy()),
        None => view_of(row),
    }
}

fn view_of<T: Row>(row: &dyn RowValue) -> Option<T> {
    let given = row.shape();
    T::build(&mut |i| match given.find(T::SHAPE.fields[i].name) {
        Some(at) => row.field(at),
        None => Value::Missing,
    })
    .ok()
}
