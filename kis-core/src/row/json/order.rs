//! The values of an object whose fields stand in the order of the row type: what comes next is known before it is read.

use super::{Json, JsonFields};
use crate::row::FieldValue;

/// An object, read from its begin to its end.
pub(super) struct InOrder<'a> {
    json: Json<'a>,
}

impl<'a> InOrder<'a> {
    #[inline]
    pub(super) fn new(object: &'a [u8]) -> InOrder<'a> {
        InOrder {
            json: Json::new(object),
        }
    }

    /// Whether the object ends here and nothing stands behind it.
    #[inline]
    pub(super) fn ended(mut self) -> bool {
        self.json.is_rest(b"}") || {
            self.json.space();
            let closed = self.json.eat(b"}");
            self.json.space();
            closed && self.json.is_rest(b"")
        }
    }
}

impl JsonFields for InOrder<'_> {
    #[inline(always)]
    fn field<T: FieldValue>(&mut self, _: usize, key: &'static str) -> Option<T> {
        if !self.json.eat(key.as_bytes()) {
            spaced(&mut self.json, key)?;
        }
        T::from_json(&mut self.json)
    }
}

/// The same key with white space around its parts.
fn spaced(json: &mut Json<'_>, key: &str) -> Option<()> {
    let (open, name) = key.split_at(1);
    let name = &name[..name.len() - 1];
    for part in [open, name, ":"] {
        json.space();
        json.eat(part.as_bytes()).then_some(())?;
    }
    json.space();
    Some(())
}
