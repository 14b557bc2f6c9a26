//! The trait of row types.

use serde::{Serialize, de::DeserializeOwned};

use super::{FieldError, JsonFields, Shape, Texts, Value};

/// A type whose values travel through flows. Derive it: `#[derive(Row)]`.
///
/// The derive also gives serde's `Serialize` and `Deserialize`, so `#[serde(..)]` attributes on the fields work and
/// no second dependency is needed. A type that brings its own says `#[row(own_serde)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row",
    label = "not a row",
    note = "add `#[derive(Row)]` to `{Self}`"
)]
pub trait Row: Sized + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name and fields of the type.
    const SHAPE: &'static Shape;

    /// Whether serde's attributes do no more than name fields: a JSON object of the usual form is then read without
    /// serde, and any other by it.
    const PLAIN: bool = false;

    /// A copy of the row; kept where a call that takes the row may fail. Fields need no `Clone`.
    fn copy(&self) -> Self;

    /// The value of field `i` of the shape; [`Value::Missing`] when there is no such field.
    fn field(&self, i: usize) -> Value<'_>;

    /// Makes a row from the values of another type's fields. `get` gives the value for field `i` of this shape.
    ///
    /// # Errors
    /// The first field whose value does not fit.
    fn build<'a>(get: &mut dyn FnMut(usize) -> Value<'a>) -> Result<Self, FieldError>;

    /// Makes a row from the texts of a record, as CSV has them.
    ///
    /// # Errors
    /// The first field whose text cannot be read.
    fn from_texts(texts: &Texts<'_>) -> Result<Self, FieldError>;

    /// Makes a row from the values of a JSON object, if they can be read without serde; see [`Row::PLAIN`].
    #[doc(hidden)]
    #[inline]
    fn from_json(_: &mut impl JsonFields) -> Option<Self> {
        None
    }

    /// Makes a row from bytes that have no form. Only a type with one field of text or bytes can.
    ///
    /// # Errors
    /// If the type has another shape, or the bytes are not UTF-8 where a text is asked for.
    fn from_raw(bytes: &[u8]) -> Result<Self, FieldError>;
}
