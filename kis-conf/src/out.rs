//! Builds the maps that an export writes; what equals its default is left out.

use std::time::Duration;

use crate::unit::{show_bytes, show_duration};
use crate::{Data, Node, Param, Placed, Scalar};

/// A map that is being written, in the order of its keys.
#[derive(Default)]
pub(crate) struct Out(Vec<(String, Node)>);

impl Out {
    /// A document of this kind.
    pub(crate) fn document(kistype: &str) -> Self {
        Self::default().put("kistype", Node::plain(kistype))
    }

    pub(crate) fn put(mut self, key: &str, value: Node) -> Self {
        self.0.push((key.to_owned(), value));
        self
    }

    pub(crate) fn put_if(self, key: &str, value: Option<Node>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    /// A value, unless it is the default.
    pub(crate) fn put_diff<T: PartialEq + Copy>(
        self,
        key: &str,
        value: T,
        default: T,
        write: impl Fn(T) -> Node,
    ) -> Self {
        self.put_if(key, (value != default).then(|| write(value)))
    }

    /// A map, unless it is empty.
    pub(crate) fn put_map(self, key: &str, map: Out) -> Self {
        self.put_if(key, map.into_map())
    }

    /// Names, unless there are none.
    pub(crate) fn put_names(self, key: &str, names: &[Placed<String>]) -> Self {
        self.put_if(
            key,
            (!names.is_empty()).then(|| Node::list(names.iter().map(text))),
        )
    }

    /// Params, unless there are none.
    pub(crate) fn put_params(self, key: &str, params: &[Param]) -> Self {
        let entries = params
            .iter()
            .map(|param| (param.key.value.clone(), param.value.clone()));
        self.put_if(key, (!params.is_empty()).then(|| Node::map(entries)))
    }

    /// The map, unless it is empty.
    pub(crate) fn into_map(self) -> Option<Node> {
        (!self.0.is_empty()).then(|| self.into_node())
    }

    pub(crate) fn into_node(self) -> Node {
        Node::map(self.0)
    }
}

/// A text as it is written: a looked-up one as its `${..}`.
pub(crate) fn text(text: &Placed<String>) -> Node {
    let scalar = Scalar {
        secret: text.written.is_some(),
        written: text.written.clone(),
        ..Scalar::quoted(text.value.clone())
    };
    Node::new(Data::Scalar(scalar))
}

pub(crate) fn word(word: &str) -> Node {
    Node::plain(word)
}

pub(crate) fn number(number: impl ToString + Copy) -> Node {
    Node::plain(number.to_string())
}

pub(crate) fn duration(duration: Duration) -> Node {
    Node::plain(show_duration(duration))
}

pub(crate) fn bytes(bytes: u64) -> Node {
    Node::plain(show_bytes(bytes))
}
