//! Reads a map key by key and collects everything that is wrong with it, unknown keys included.

use std::ops::RangeInclusive;

use crate::node::show;
use crate::suggest::{did_you_mean, nearest};
use crate::word::Word;
use crate::{Code, Data, Entry, Node, Param, ParamValue, Place, Placed, Problem, Problems, Scalar, name};

/// A map that is being read. Every key is asked for once; [`finish`](Fields::finish) reports the others.
pub(crate) struct Fields<'a> {
    /// What the map is, for messages: `a flow`.
    what: &'static str,
    place: &'a Place,
    entries: &'a [Entry],
    asked: Vec<&'static str>,
    missing: Vec<&'static str>,
    problems: &'a mut Problems,
}

impl<'a> Fields<'a> {
    /// Reads a whole map with `read`, then reports the keys that were not asked for.
    pub(crate) fn read<T>(
        what: &'static str,
        node: &'a Node,
        problems: &'a mut Problems,
        read: impl FnOnce(&mut Fields<'a>) -> T,
    ) -> Option<T> {
        let entries = match &node.data {
            Data::Map(entries) => entries.as_slice(),
            Data::Null => &[],
            Data::Scalar(_) | Data::List(_) => {
                problems.push(wrong_type(node, "a map").help(format!("{what} is a map of keys and values")));
                return None;
            }
        };
        let mut fields = Fields {
            what,
            place: &node.place,
            entries,
            asked: Vec::new(),
            missing: Vec::new(),
            problems,
        };
        let value = read(&mut fields);
        fields.finish();
        Some(value)
    }

    /// The collector, for what a reader finds itself.
    pub(crate) fn problems(&mut self) -> &mut Problems {
        self.problems
    }

    /// The place of the map.
    pub(crate) fn place(&self) -> &'a Place {
        self.place
    }

    /// The value of a key. `null` counts as not given.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let entry = self.entries.iter().find(|entry| entry.key.value == key)?;
        (!entry.value.is_null()).then_some(&entry.value)
    }

    /// The same, and it is a problem if it is not there.
    pub(crate) fn needed(&mut self, key: &'static str) -> Option<&'a Node> {
        let node = self.node(key);
        if node.is_none() {
            self.missing(key);
        }
        node
    }

    /// Reports a key that is not there, or has no value.
    pub(crate) fn missing(&mut self, key: &'static str) {
        match self.entries.iter().find(|entry| entry.key.value == key) {
            Some(entry) => {
                let message = format!("{} needs a value for the key {key}", self.what);
                self.problems
                    .push(Problem::error(Code::MissingKey, &entry.key.place, message).label("no value"));
            }
            None => self.missing.push(key),
        }
    }

    /// A value of any type that a param may have too. Nothing if it is not given, wrong, or known later only.
    pub(crate) fn get<T: ParamValue>(&mut self, key: &'static str) -> Option<Placed<T>> {
        let node = self.node(key)?;
        if node.scalar().is_some_and(|scalar| scalar.deferred) {
            return None;
        }
        match T::read(node) {
            Ok(value) => Some(Placed::new(value, node.place.clone())),
            Err(problem) => {
                let message = format!("{key}: {}", problem.message);
                self.problems.push(Problem { message, ..problem });
                None
            }
        }
    }

    /// The same with a default.
    pub(crate) fn get_or<T: ParamValue>(&mut self, key: &'static str, default: T) -> T {
        self.get(key).map_or(default, |placed| placed.value)
    }

    /// A whole number within bounds.
    pub(crate) fn int(&mut self, key: &'static str, allowed: RangeInclusive<u64>) -> Option<Placed<u64>> {
        let node = self.node(key)?;
        let scalar = node.scalar();
        if scalar.is_some_and(|scalar| scalar.deferred) {
            return None;
        }
        let value = scalar
            .and_then(Scalar::as_int)
            .and_then(|int| u64::try_from(int).ok());
        if let Some(value) = value.filter(|value| allowed.contains(value)) {
            return Some(Placed::new(value, node.place.clone()));
        }
        self.problems.push(match scalar.and_then(Scalar::as_float) {
            Some(number) if number.is_nan() || number.fract() == 0.0 || number.is_infinite() => {
                let (min, max) = (allowed.start(), allowed.end());
                let max = if *max > i64::MAX as u64 {
                    "or more".to_owned()
                } else {
                    format!("to {max}")
                };
                let message = format!("{key} is {}, allowed is {min} {max}", node.describe());
                Problem::error(Code::OutOfRange, &node.place, message).label("out of range")
            }
            _ => about(key, wrong_type(node, "a whole number")),
        });
        None
    }

    /// The same with a default.
    pub(crate) fn int_or(&mut self, key: &'static str, allowed: RangeInclusive<u64>, default: u64) -> u64 {
        self.int(key, allowed).map_or(default, |placed| placed.value)
    }

    /// One of the words of a type.
    pub(crate) fn word<W: Word>(&mut self, key: &'static str) -> Option<Placed<W>> {
        self.word_of(key, W::WORDS, W::from_word)
    }

    /// The same with a default.
    pub(crate) fn word_or<W: Word>(&mut self, key: &'static str, default: W) -> W {
        self.word(key).map_or(default, |placed| placed.value)
    }

    /// One of these words.
    pub(crate) fn word_of<W>(
        &mut self,
        key: &'static str,
        words: &[&str],
        from_word: impl Fn(&str) -> Option<W>,
    ) -> Option<Placed<W>> {
        let node = self.node(key)?;
        read_word(key, node, words, from_word, self.problems)
    }

    /// A name: written out, and legal.
    pub(crate) fn name(&mut self, key: &'static str) -> Option<Placed<String>> {
        let node = self.node(key)?;
        name::read(key, node, self.problems)
    }

    /// A name that must be there.
    pub(crate) fn needed_name(&mut self, key: &'static str) -> Option<Placed<String>> {
        let node = self.needed(key)?;
        name::read(key, node, self.problems)
    }

    /// Any scalar as text.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<Placed<String>> {
        let node = self.node(key)?;
        let text = text(node);
        if text.is_none() {
            self.problems.push(about(key, wrong_type(node, "a text")));
        }
        text
    }

    /// A list of names; nothing is an empty list, and so is `null`.
    pub(crate) fn names(&mut self, key: &'static str) -> Vec<Placed<String>> {
        let items = self.list(key);
        items
            .iter()
            .filter_map(|item| name::read(key, item, self.problems))
            .collect()
    }

    /// The items of a list; nothing is an empty list.
    pub(crate) fn list(&mut self, key: &'static str) -> &'a [Node] {
        match self.node(key).map(|node| (&node.data, node)) {
            Some((Data::List(items), _)) => items,
            Some((_, node)) => {
                let example = match node.scalar() {
                    Some(scalar) => format!("write {key}: [{}]", show(scalar.shown())),
                    None => format!("write {key}: [..]"),
                };
                self.problems
                    .push(about(key, wrong_type(node, "a list")).help(example));
                &[]
            }
            None => &[],
        }
    }

    /// The entries of a free map.
    pub(crate) fn params(&mut self, key: &'static str) -> Vec<Param> {
        match self.node(key).map(|node| (&node.data, node)) {
            Some((Data::Map(entries), _)) => entries
                .iter()
                .map(|e| Param {
                    key: e.key.clone(),
                    value: e.value.clone(),
                })
                .collect(),
            Some((_, node)) => {
                self.problems.push(
                    about(key, wrong_type(node, "a map")).help(format!("write {key}: {{ name: value }}")),
                );
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// A map with keys of its own.
    pub(crate) fn nested<T>(
        &mut self,
        key: &'static str,
        what: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        let node = self.node(key)?;
        Fields::read(what, node, self.problems, read)
    }

    /// Whether the map has other keys than these.
    pub(crate) fn has_only(&self, keys: &[&str]) -> bool {
        self.entries
            .iter()
            .all(|entry| keys.contains(&entry.key.value.as_str()))
    }

    /// One mistake is one problem: an unknown key that is nearly a missing one is taken for it.
    fn finish(mut self) {
        for entry in self
            .entries
            .iter()
            .filter(|entry| !self.asked.contains(&entry.key.value.as_str()))
        {
            if self.problems.is_full() {
                return;
            }
            let word = entry.key.value.as_str();
            let message = format!("unknown key {} of {}", show(word), self.what);
            let problem = Problem::error(Code::UnknownKey, &entry.key.place, message).label("unknown key");
            let help = match nearest(word, &self.missing) {
                Some(i) => format!("did you mean {}, which is missing?", self.missing.remove(i)),
                None => did_you_mean(word, &self.asked),
            };
            self.problems.push(problem.help(help));
        }
        for key in self.missing {
            let message = format!("{} needs the key {key}", self.what);
            self.problems
                .push(Problem::error(Code::MissingKey, self.place, message));
        }
    }
}

/// Reads one of some words.
pub(crate) fn read_word<W>(
    key: &str,
    node: &Node,
    words: &[&str],
    from_word: impl Fn(&str) -> Option<W>,
    problems: &mut Problems,
) -> Option<Placed<W>> {
    let word = node
        .scalar()
        .filter(|scalar| written_out(key, node, scalar.written.is_some(), problems));
    let Some(word) = word else {
        if node.scalar().is_none() {
            problems
                .push(about(key, wrong_type(node, "a word")).help(format!("known: {}", words.join(", "))));
        }
        return None;
    };
    let value = from_word(&word.text);
    if value.is_none() {
        let message = format!("{key} is {}, which is not one of its words", show(&word.text));
        let problem = Problem::error(Code::UnknownWord, &node.place, message).label("unknown word");
        problems.push(problem.help(did_you_mean(&word.text, words)));
    }
    value.map(|value| Placed::new(value, node.place.clone()))
}

/// Names and words shape a flow, so they cannot be looked up when it runs.
pub(crate) fn written_out(key: &str, node: &Node, looked_up: bool, problems: &mut Problems) -> bool {
    if looked_up {
        let message = format!(
            "{key} is {}, but it must be known while compiling",
            node.describe()
        );
        problems.push(
            Problem::error(Code::IllegalName, &node.place, message)
                .label("looked up later")
                .help("write it out; ${..} is for addresses, keys and params"),
        );
    }
    !looked_up
}

/// A scalar as a text that remembers how it is written.
pub(crate) fn text(node: &Node) -> Option<Placed<String>> {
    let scalar = node.scalar()?;
    Some(Placed {
        value: scalar.text.clone(),
        place: node.place.clone(),
        written: scalar.written.clone(),
    })
}

/// "expected a list, found abc".
pub(crate) fn wrong_type(node: &Node, expected: &str) -> Problem {
    let message = format!("expected {expected}, found {}", node.describe());
    Problem::error(Code::WrongType, &node.place, message).label(format!("not {expected}"))
}

/// Puts the key before the message.
pub(crate) fn about(key: &str, problem: Problem) -> Problem {
    Problem {
        message: format!("{key}: {}", problem.message),
        ..problem
    }
}
