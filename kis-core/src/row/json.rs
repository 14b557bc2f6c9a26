//! JSON objects of flat rows: those of the usual form are read without serde, everything else is left to it.
//!
//! `derive(Row)` writes one list of fields, [`Row::from_json`]. It is given the values either where it expects them, in
//! the order of the fields ([`InOrder`]), or where they were found ([`Found`]).

mod find;
mod order;
mod scan;

pub(crate) use self::scan::Decimal;
pub use self::scan::Json;
use self::{find::Found, order::InOrder};
use super::{FieldValue, Kind, Row, Shape};

/// Gives the values of an object's fields, one after the other; what a row is read from.
pub trait JsonFields {
    /// The value of field `i`. `key` is the field's name as it stands before the value when nothing unusual does:
    /// `{"id":` for the first field, `,"name":` for the others.
    fn field<T: FieldValue>(&mut self, i: usize, key: &'static str) -> Option<T>;
}

/// Reads JSON objects into one row type.
#[derive(Debug)]
pub(super) struct Objects {
    found: Found,
    /// Whether the fields stood in their order in the last object that could be read.
    in_order: bool,
}

impl Objects {
    /// A reader for `T`, if objects can be read into it without serde.
    pub(super) fn of<T: Row>() -> Option<Objects> {
        let flat = const { T::PLAIN && is_flat(T::SHAPE) };
        flat.then(|| Objects {
            found: Found::new(T::SHAPE),
            in_order: true,
        })
    }

    /// The row, if the object has the usual form: each field once, values that can be read at once, no escape in a
    /// text.
    #[inline]
    pub(super) fn read<T: Row>(&mut self, object: &[u8]) -> Option<T> {
        if self.in_order {
            let mut fields = InOrder::new(object);
            if let Some(row) = T::from_json(&mut fields)
                && fields.ended()
            {
                return Some(row);
            }
        }
        self.read_any_order(object)
    }

    #[cold]
    fn read_any_order<T: Row>(&mut self, object: &[u8]) -> Option<T> {
        let order = self.found.find(object)?;
        let row = T::from_json(&mut self.found.values(object))?;
        self.in_order = order;
        Some(row)
    }
}

/// Whether objects of this shape can be read: every field holds a number, a truth value or a text.
const fn is_flat(shape: &Shape) -> bool {
    let mut i = 0;
    while i < shape.fields.len() {
        let kind = match shape.fields[i].kind {
            Kind::Opt(kind) => *kind,
            kind => kind,
        };
        if !matches!(
            kind,
            Kind::Int(8..=64) | Kind::UInt(8..=64) | Kind::Float(_) | Kind::Bool | Kind::Text
        ) {
            return false;
        }
        i += 1;
    }
    shape.fields.len() <= 64
}

#[cfg(test)]
mod tests;
