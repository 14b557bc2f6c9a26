//! A row type as data: what the engine needs to make rows of a type that it knows by name only.

use std::fmt;

use super::{Batch, Fails, Row, Rows, Shape};
use crate::error::Error;

/// A row type as data.
#[derive(Clone, Copy)]
pub struct RowInfo {
    /// The name and fields.
    pub shape: &'static Shape,
    /// Adds the view of the rows as this type; rows that cannot be read leave the batch as decode failures.
    pub view: fn(&mut Batch, &mut Fails),
    /// Makes this the type of the batch's rows.
    pub convert: fn(&mut Batch, &mut Fails),
    /// One row from JSON, as [`Rows::json`] writes it.
    pub from_json: fn(&[u8]) -> Result<Rows, Error>,
    /// One row from MessagePack with the names of its fields.
    pub from_msgpack: fn(&[u8]) -> Result<Rows, Error>,
}

impl RowInfo {
    /// The row type `T` as data.
    pub const fn of<T: Row>() -> RowInfo {
        RowInfo {
            shape: T::SHAPE,
            view: |batch, fails| {
                batch.view::<T>(fails);
            },
            convert: Batch::convert::<T>,
            from_json: |bytes| one(serde_json::from_slice::<T>(bytes)),
            from_msgpack: |bytes| one(rmp_serde::from_slice::<T>(bytes)),
        }
    }
}

fn one<T: Row>(read: Result<T, impl fmt::Display>) -> Result<Rows, Error> {
    let row = read.map_err(|error| Error::decode(format!("cannot be read as {}: {error}", T::SHAPE.name)))?;
    Ok(Rows::typed(vec![row]))
}

impl fmt::Debug for RowInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowInfo")
            .field("shape", self.shape)
            .finish_non_exhaustive()
    }
}

/// [`RowInfo`] as a constant of each row type.
pub(crate) trait HasInfo {
    const ROW: &'static RowInfo;
}

impl<T: Row> HasInfo for T {
    const ROW: &'static RowInfo = &RowInfo::of::<T>();
}
