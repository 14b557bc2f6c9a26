//! `start: earliest | latest | { at: 2013-01-01T00:00:00Z }`: where a source begins that has no position yet.

use jiff::Timestamp;

use crate::fields::{Fields, about, read_word, wrong_type};
use crate::out::{Out, word};
use crate::{Data, Node};

/// Where a source begins that has no position yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With the first row there is.
    #[default]
    Earliest,
    /// With the next row that comes.
    Latest,
    /// With the first row of this time.
    At(Timestamp),
}

impl Start {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let start = match fields.node("start") {
            None => return Start::default(),
            Some(Node {
                data: Data::Map(_), ..
            }) => fields.nested("start", "start", read_at).flatten(),
            Some(node) => {
                let from_word = |word: &str| match word {
                    "earliest" => Some(Start::Earliest),
                    "latest" => Some(Start::Latest),
                    _ => None,
                };
                let words = &["earliest", "latest", "{ at: time }"];
                read_word("start", node, words, from_word, fields.problems()).map(|start| start.value)
            }
        };
        start.unwrap_or_default()
    }

    pub(crate) fn write(&self) -> Option<Node> {
        match self {
            Start::Earliest => None,
            Start::Latest => Some(word("latest")),
            Start::At(time) => Out::default().put("at", Node::text(time.to_string())).into_map(),
        }
    }
}

fn read_at(fields: &mut Fields<'_>) -> Option<Start> {
    let node = fields.needed("at")?;
    let scalar = node.scalar();
    if scalar.is_some_and(|scalar| scalar.deferred) {
        return None;
    }
    let time = scalar.and_then(|scalar| scalar.text.parse().ok());
    if time.is_none() {
        fields.problems().push(about(
            "at",
            wrong_type(node, "a time such as 2013-01-01T00:00:00Z"),
        ));
    }
    time.map(Start::At)
}
