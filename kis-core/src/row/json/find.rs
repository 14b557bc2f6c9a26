//! The values of an object whose fields stand in any order: first they are found, then they are read.

use super::{Json, JsonFields};
use crate::row::{FieldValue, Shape};

/// Where the values of an object's fields stand.
#[derive(Debug)]
pub(super) struct Found {
    shape: &'static Shape,
    spans: Vec<Option<(u32, u32)>>,
}

/// The values of one object.
pub(super) struct Values<'a> {
    object: &'a [u8],
    spans: &'a [Option<(u32, u32)>],
}

impl Found {
    pub(super) fn new(shape: &'static Shape) -> Found {
        Found {
            shape,
            spans: vec![None; shape.fields.len()],
        }
    }

    /// Finds the values, if each stands there at most once and all others are numbers, words or texts too. Whether they
    /// stand in the order of the fields, with nothing between them.
    pub(super) fn find(&mut self, object: &[u8]) -> Option<bool> {
        u32::try_from(object.len()).ok()?;
        self.spans.fill(None);
        let fields = self.shape.fields;
        let (mut expected, mut in_order) = (0, true);
        let mut json = Json::new(object);
        json.space();
        json.eat(b"{").then_some(())?;
        loop {
            json.space();
            let name = json.text_bytes()?;
            json.space();
            json.eat(b":").then_some(())?;
            json.space();
            let from = json.at();
            json.skip_flat()?;
            let named = |field: usize| fields.get(field).is_some_and(|f| f.name.as_bytes() == name);
            let field = if named(expected) {
                Some(expected)
            } else {
                in_order = false;
                (0..fields.len()).find(|field| named(*field))
            };
            if let Some(field) = field {
                let span = Some((from as u32, json.at() as u32));
                if std::mem::replace(&mut self.spans[field], span).is_some() {
                    return None;
                }
                expected = field + 1;
            }
            json.space();
            if !json.eat(b",") {
                break;
            }
        }
        json.eat(b"}").then_some(())?;
        json.space();
        json.is_rest(b"").then_some(in_order)
    }

    /// The values in the object that was searched last.
    pub(super) fn values<'a>(&'a self, object: &'a [u8]) -> Values<'a> {
        Values {
            object,
            spans: &self.spans,
        }
    }
}

impl JsonFields for Values<'_> {
    fn field<T: FieldValue>(&mut self, i: usize, _: &'static str) -> Option<T> {
        let Some((from, to)) = self.spans[i] else {
            return T::missing();
        };
        let mut json = Json::new(&self.object[from as usize..to as usize]);
        let value = T::from_json(&mut json)?;
        json.is_rest(b"").then_some(value)
    }
}
