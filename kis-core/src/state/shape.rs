//! The stored form of a state type as text: one line a value, so that two forms can be compared and the difference told.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use parking_lot::RwLock;
use xxhash_rust::xxh3::xxh3_64;

use super::{State, probe::form};

/// The stored form of a state type.
///
/// It is what serde reads: names after `rename`, without skipped fields, into the types of the fields, however deep.
///
/// ```
/// # use kis_core::{prelude::*, state::StateShape};
/// #[derive(Clone, Default, State)]
/// #[state(ttl = "30d")]
/// struct Spent {
///     total: f64,
///     last: Option<String>,
/// }
/// assert_eq!(StateShape::of::<Spent>().to_string(), "last: Option<String>\ntotal: f64\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateShape {
    /// The value of each path, `delay.sum` and `f64`.
    values: BTreeMap<String, String>,
}

impl StateShape {
    /// The stored form of `S`.
    pub fn of<S: State>() -> Arc<StateShape> {
        // Thousands of steps may share a type.
        static KNOWN: RwLock<Option<HashMap<TypeId, Arc<StateShape>>>> = RwLock::new(None);
        let id = TypeId::of::<S>();
        if let Some(known) = KNOWN.read().as_ref().and_then(|known| known.get(&id)) {
            return Arc::clone(known);
        }
        let mut values = BTreeMap::new();
        form::<S>().lines("", &mut values);
        let shape = Arc::new(StateShape { values });
        KNOWN
            .write()
            .get_or_insert_default()
            .insert(id, Arc::clone(&shape));
        shape
    }

    /// The form that was written as this text, as `Display` does.
    pub fn parse(text: &str) -> StateShape {
        let values = text.lines().filter_map(|line| {
            let (path, value) = line.split_once(": ")?;
            Some((path.to_owned(), value.to_owned()))
        });
        StateShape {
            values: values.collect(),
        }
    }

    /// A number that changes when the form does.
    pub fn fingerprint(&self) -> u64 {
        xxh3_64(self.to_string().as_bytes())
    }

    /// What is different now from how it was in `before`: `total: f64 was i64`.
    pub fn changes(&self, before: &StateShape) -> Vec<String> {
        let mut changes = Vec::new();
        for (path, value) in &self.values {
            match before.values.get(path) {
                Some(was) if was == value => {}
                Some(was) => changes.push(format!("{path}: {value} was {was}")),
                None => changes.push(format!("{path}: {value} is new")),
            }
        }
        for (path, was) in &before.values {
            if !self.values.contains_key(path) {
                changes.push(format!("{path}: {was} is gone"));
            }
        }
        changes
    }
}

/// A line for each value, sorted by path.
impl fmt::Display for StateShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.values
            .iter()
            .try_for_each(|(path, value)| writeln!(f, "{path}: {value}"))
    }
}
