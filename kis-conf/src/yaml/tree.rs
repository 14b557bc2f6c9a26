//! The parser's events as trees, with our own bounds on depth, size and repetition.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use granit_parser::{Event, ScalarStyle, Tag};

use super::interpolate::interpolate;
use super::{MAX_DEPTH, merge};
use crate::node::show;
use crate::read::ReadOptions;
use crate::scalar::is_null;
use crate::{Code, Data, Entry, Node, Place, Placed, Problem, Problems, Scalar};

/// The most values of a file; a file within the size limit has fewer unless it is nothing but punctuation.
const MAX_NODES: usize = 1_000_000;
/// The most values, and 64-byte pieces of text, that aliases may repeat.
const MAX_REPEATED: usize = 100_000;

/// What cannot be read any further.
pub(super) enum Stop {
    /// This document.
    Document,
    /// This file.
    File,
}

/// Documents under construction.
pub(super) struct Tree<'a> {
    options: &'a ReadOptions,
    problems: &'a mut Problems,
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Built>,
    nodes: usize,
    repeated: usize,
}

/// A finished value with what an alias of it would cost.
#[derive(Clone)]
struct Built {
    node: Node,
    weight: usize,
    height: usize,
}

/// A collection whose end has not been met.
struct Open {
    place: Place,
    anchor: usize,
    weight: usize,
    height: usize,
    /// It stands where a key must be, which is reported.
    is_key: bool,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        seen: HashMap<String, Place>,
        merged: Vec<Node>,
        key: Key,
    },
}

/// What the next value of a map is.
enum Key {
    /// A key.
    Expected,
    /// The value of this key.
    Of(Placed<String>),
    /// What `<<` merges.
    Merge,
    /// The value of a key that was reported and is left out.
    Bad,
}

impl<'a> Tree<'a> {
    pub(super) fn new(options: &'a ReadOptions, problems: &'a mut Problems) -> Self {
        let (documents, open, anchors) = (Vec::new(), Vec::new(), HashMap::new());
        Self {
            options,
            problems,
            documents,
            open,
            anchors,
            nodes: 0,
            repeated: 0,
        }
    }

    /// The documents that could be read.
    pub(super) fn finish(self) -> Vec<Node> {
        self.documents
    }

    /// Gives up the document that is open.
    pub(super) fn broken(&mut self, problem: Problem) {
        self.open.clear();
        self.problems.push(problem);
    }

    pub(super) fn event(&mut self, event: Event<'_>, place: Place) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), place)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), &place);
                self.begin(place, anchor, OpenKind::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), &place);
                let (entries, seen, merged) = (Vec::new(), HashMap::new(), Vec::new());
                self.begin(
                    place,
                    anchor,
                    OpenKind::Map {
                        entries,
                        seen,
                        merged,
                        key: Key::Expected,
                    },
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, &place),
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        place: Place,
    ) -> Result<(), Stop> {
        self.tag(tag, &place);
        let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
        let quoted = style != ScalarStyle::Plain || is_text;
        if let Some(Open {
            kind:
                OpenKind::Map {
                    key: key @ Key::Expected,
                    seen,
                    ..
                },
            ..
        }) = self.open.last_mut()
        {
            if anchor != 0 {
                let node = Node {
                    place: place.clone(),
                    data: Data::Scalar(Scalar::quoted(text)),
                };
                self.anchors.insert(
                    anchor,
                    Built {
                        node,
                        weight: 1 + text.len() / 64,
                        height: 0,
                    },
                );
            }
            *key = match (text, seen.entry(text.to_owned())) {
                ("<<", _) if !quoted => Key::Merge,
                (_, Slot::Vacant(slot)) => {
                    slot.insert(place.clone());
                    Key::Of(Placed::new(text.to_owned(), place))
                }
                (_, Slot::Occupied(first)) => {
                    let message = format!("the key {} is given twice", show(text));
                    let problem = Problem::error(Code::DuplicateKey, &place, message).label("given again");
                    let help = format!("keep one of them; the first is at {}", first.get());
                    self.problems
                        .push(problem.help(help).note(first.get(), "given first"));
                    Key::Bad
                }
            };
            return Ok(());
        }
        let data = match !quoted && is_null(text) {
            true => Data::Null,
            false => Data::Scalar(match interpolate(text, &place, self.options, self.problems) {
                Some(scalar) => Scalar { quoted, ..scalar },
                None => Scalar {
                    quoted,
                    ..Scalar::plain(text)
                },
            }),
        };
        let weight = 1 + text.len() / 64;
        self.put(
            Built {
                node: Node { place, data },
                weight,
                height: 0,
            },
            anchor,
        )
    }

    fn begin(&mut self, place: Place, anchor: usize, kind: OpenKind) -> Result<(), Stop> {
        let mut is_key = false;
        if let Some(Open {
            kind: OpenKind::Map {
                key: key @ Key::Expected,
                ..
            },
            ..
        }) = self.open.last_mut()
        {
            (*key, is_key) = (Key::Bad, true);
            let message = "a key must be a text, this is a list or a map";
            let problem = Problem::error(Code::WrongType, &place, message).label("not a text");
            self.problems
                .push(problem.help("put quotes around a key that begins with [ or {"));
        }
        self.open.push(Open {
            place,
            anchor,
            weight: 1,
            height: 0,
            is_key,
            kind,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        let Some(Open {
            place,
            anchor,
            weight,
            height,
            is_key,
            kind,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        let data = match kind {
            OpenKind::List(items) => Data::List(items),
            OpenKind::Map {
                entries,
                seen,
                merged,
                ..
            } => Data::Map(merge::merge(entries, &seen, merged, self.problems)),
        };
        match is_key {
            true => Ok(()),
            false => self.put(
                Built {
                    node: Node { place, data },
                    weight,
                    height: height + 1,
                },
                anchor,
            ),
        }
    }

    fn alias(&mut self, anchor: usize, place: &Place) -> Result<(), Stop> {
        let Some(built) = self.anchors.get(&anchor) else {
            let problem = Problem::error(Code::NotYaml, place, "a value may not hold itself");
            self.broken(problem.label("the alias of a value that is still open"));
            return Err(Stop::Document);
        };
        self.repeated += built.weight;
        if self.repeated > MAX_REPEATED {
            let message = format!("aliases repeat more than {MAX_REPEATED} values");
            let problem = Problem::error(Code::TooLarge, place, message);
            self.broken(problem.help("write fewer aliases of aliases"));
            return Err(Stop::File);
        }
        let built = built.clone();
        match (&built.node.data, self.open.last_mut()) {
            (
                Data::Scalar(scalar),
                Some(Open {
                    kind: OpenKind::Map {
                        key: Key::Expected, ..
                    },
                    ..
                }),
            ) => {
                let text = scalar.text.clone();
                self.scalar(&text, ScalarStyle::SingleQuoted, 0, None, place.clone())
            }
            (
                _,
                Some(Open {
                    kind:
                        OpenKind::Map {
                            key: key @ Key::Expected,
                            ..
                        },
                    ..
                }),
            ) => {
                *key = Key::Bad;
                let problem = Problem::error(Code::WrongType, place, "a key must be a text");
                self.problems.push(problem.label("not a text"));
                Ok(())
            }
            _ => self.put(built, 0),
        }
    }

    /// Puts a finished value where it belongs.
    fn put(&mut self, built: Built, anchor: usize) -> Result<(), Stop> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the file has more than {MAX_NODES} values");
            self.broken(Problem::error(Code::TooLarge, &built.node.place, message).help("split the file"));
            return Err(Stop::File);
        }
        if self.open.len() + built.height > MAX_DEPTH {
            let message = format!("the value is nested deeper than {MAX_DEPTH} levels");
            self.broken(Problem::error(Code::TooLarge, &built.node.place, message).label("too deep"));
            return Err(Stop::Document);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, built.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.documents.push(built.node);
            return Ok(());
        };
        parent.weight += built.weight;
        parent.height = parent.height.max(built.height);
        match &mut parent.kind {
            OpenKind::List(items) => items.push(built.node),
            OpenKind::Map {
                entries, merged, key, ..
            } => match std::mem::replace(key, Key::Expected) {
                Key::Of(key) => entries.push(Entry {
                    key,
                    value: built.node,
                }),
                Key::Merge => merged.push(built.node),
                Key::Expected | Key::Bad => {}
            },
        }
        Ok(())
    }

    /// Only YAML's own tags are known; `!!str` alone changes what is read.
    fn tag(&mut self, tag: Option<&Tag>, place: &Place) {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else {
            return;
        };
        let message = format!("the tag {} is not known here", show(&tag.original()));
        self.problems
            .push(Problem::error(Code::NotYaml, place, message).help("remove it"));
    }
}
