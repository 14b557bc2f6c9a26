//! Rows: what flows carry. The types, the batches, and how bytes and other rows become a type.

mod any;
mod batch;
mod csv;
#[doc(hidden)]
pub mod expand;
mod fails;
mod field_error;
mod field_nested;
mod field_value;
mod info;
mod json;
pub mod key;
mod key_value;
mod origin;
mod parts;
mod raw;
mod rows;
mod shape;
mod texts;
mod typed;
mod value;

#[cfg(test)]
mod tests;

pub use self::{
    any::AnyRow,
    batch::Batch,
    fails::{Fail, Fails},
    field_error::FieldError,
    field_value::FieldValue,
    info::RowInfo,
    json::{Json, JsonFields},
    origin::Origin,
    rows::Rows,
    shape::{Field, Kind, Shape},
    texts::Texts,
    typed::Row,
    value::{ListValue, MapValue, OtherValue, RowValue, Value},
};
pub(crate) use self::{
    info::HasInfo,
    shape::{changes, same_text},
};
