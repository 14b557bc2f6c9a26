//! `order: partition | none | { by: field }`: which rows keep their order.

use crate::fields::{Fields, read_word};
use crate::out::{Out, text, word};
use crate::{Data, Node, Placed};

/// Which rows of a source keep their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those of one source partition.
    #[default]
    Partition,
    /// None.
    None,
    /// Those with equal values of this field.
    By(Placed<String>),
}

impl Order {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let by = match fields.node("order") {
            None => return Order::default(),
            Some(Node {
                data: Data::Map(_), ..
            }) => fields
                .nested("order", "order", |fields| fields.needed_name("by").map(Order::By))
                .flatten(),
            Some(node) => {
                let from_word = |word: &str| match word {
                    "partition" => Some(Order::Partition),
                    "none" => Some(Order::None),
                    _ => None,
                };
                let words = &["partition", "none", "{ by: field }"];
                read_word("order", node, words, from_word, fields.problems()).map(|order| order.value)
            }
        };
        by.unwrap_or_default()
    }

    pub(crate) fn write(&self) -> Option<Node> {
        match self {
            Order::Partition => None,
            Order::None => Some(word("none")),
            Order::By(field) => Out::default().put("by", text(field)).into_map(),
        }
    }
}
