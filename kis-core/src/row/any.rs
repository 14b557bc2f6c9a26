//! The row type that stands for any, in the types of functions that take `&Rows`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{FieldError, Row, Shape, Texts, Value};

/// Stands for rows of any type. There is no such row.
#[derive(Debug)]
pub enum AnyRow {}

#[diagnostic::do_not_recommend]
impl Row for AnyRow {
    const SHAPE: &'static Shape = &Shape {
        name: "Rows",
        path: "kis_core::row::Rows",
        fields: &[],
    };

    fn copy(&self) -> Self {
        match *self {}
    }

    fn field(&self, _: usize) -> Value<'_> {
        match *self {}
    }

    fn build<'a>(_: &mut dyn FnMut(usize) -> Value<'a>) -> Result<Self, FieldError> {
        Err(FieldError::not_raw())
    }

    fn from_texts(_: &Texts<'_>) -> Result<Self, FieldError> {
        Err(FieldError::not_raw())
    }

    fn from_raw(_: &[u8]) -> Result<Self, FieldError> {
        Err(FieldError::not_raw())
    }
}

impl Serialize for AnyRow {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match *self {}
    }
}

impl<'de> Deserialize<'de> for AnyRow {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("rows of any type cannot be made"))
    }
}
