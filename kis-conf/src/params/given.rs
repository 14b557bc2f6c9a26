//! The facts of a given param that a check needs, in a form that a `const` can hold.

use std::cell::OnceCell;

use crate::unit;
use crate::{Data, Node, Param, Scalar};

/// One given param as facts.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The key.
    pub key: &'a str,
    /// The key's place, as `conf/a.yml:7:5`.
    pub place: &'a str,
    /// What is given.
    pub value: GivenValue<'a>,
}

/// A given value as facts: what it can be read as.
#[derive(Clone, Copy, Debug)]
pub enum GivenValue<'a> {
    /// `null`, or nothing.
    Null,
    /// Known when the flow runs only (`${env:..}`).
    Deferred,
    /// A scalar.
    Scalar {
        /// Its text.
        text: &'a str,
        /// What a message may print of it.
        shown: &'a str,
        /// Its value as a whole number.
        int: Option<i64>,
        /// Its value as a number.
        float: Option<f64>,
        /// Its value as a bool.
        bool: Option<bool>,
        /// Its value as a duration, in nanoseconds.
        duration_ns: Option<u64>,
        /// Its value as a size in bytes.
        bytes: Option<u64>,
    },
    /// A list.
    List(&'a [GivenValue<'a>]),
    /// A map.
    Map(&'a [Given<'a>]),
}

impl Given<'_> {
    /// The facts of a param.
    pub fn of(param: &Param) -> GivenOwned {
        GivenOwned {
            key: param.key.value.clone(),
            place: param.key.place.to_string(),
            value: OwnedValue::of(&param.value),
        }
    }
}

/// [`Given`] with its own memory.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenOwned {
    /// The key.
    pub key: String,
    /// The key's place, as `conf/a.yml:7:5`.
    pub place: String,
    /// What is given.
    pub value: OwnedValue,
}

/// [`GivenValue`] with its own memory; the fields are the same.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of GivenValue")]
pub enum OwnedValue {
    /// `null`, or nothing.
    Null,
    /// Known when the flow runs only.
    Deferred,
    /// A scalar.
    Scalar {
        text: String,
        shown: String,
        int: Option<i64>,
        float: Option<f64>,
        bool: Option<bool>,
        duration_ns: Option<u64>,
        bytes: Option<u64>,
    },
    /// A list.
    List(Vec<OwnedValue>),
    /// A map.
    Map(Vec<GivenOwned>),
}

impl GivenOwned {
    /// Calls `then` with these params as [`Given`]s.
    pub fn with_all<R>(params: &[GivenOwned], then: impl FnOnce(&[Given<'_>]) -> R) -> R {
        then(GivenArena::new(params).lend(params))
    }
}

impl OwnedValue {
    /// The facts of a value.
    pub fn of(node: &Node) -> OwnedValue {
        match &node.data {
            Data::Null => OwnedValue::Null,
            Data::Scalar(scalar) if scalar.deferred => OwnedValue::Deferred,
            Data::Scalar(scalar) => Self::of_scalar(scalar),
            Data::List(items) => OwnedValue::List(items.iter().map(Self::of).collect()),
            Data::Map(entries) => OwnedValue::Map(
                entries
                    .iter()
                    .map(|entry| GivenOwned {
                        key: entry.key.value.clone(),
                        place: entry.key.place.to_string(),
                        value: Self::of(&entry.value),
                    })
                    .collect(),
            ),
        }
    }

    fn of_scalar(scalar: &Scalar) -> OwnedValue {
        OwnedValue::Scalar {
            text: scalar.text.clone(),
            shown: scalar.shown().to_owned(),
            int: scalar.as_int(),
            float: scalar.as_float(),
            bool: scalar.as_bool(),
            duration_ns: unit::duration(&scalar.text).and_then(|d| u64::try_from(d.as_nanos()).ok()),
            bytes: unit::bytes(&scalar.text),
        }
    }
}

/// Memory for the borrowed lists and maps of some params: one slot for each.
#[derive(Debug)]
pub struct GivenArena<'a> {
    values: Vec<OnceCell<Vec<GivenValue<'a>>>>,
    givens: Vec<OnceCell<Vec<Given<'a>>>>,
}

impl<'a> GivenArena<'a> {
    /// Memory for these params.
    pub fn new(params: &[GivenOwned]) -> Self {
        let (mut lists, mut maps) = (0, 1);
        params
            .iter()
            .for_each(|param| count(&param.value, &mut lists, &mut maps));
        Self {
            values: (0..lists).map(|_| OnceCell::new()).collect(),
            givens: (0..maps).map(|_| OnceCell::new()).collect(),
        }
    }

    /// The params as [`Given`]s.
    pub fn lend(&'a self, params: &'a [GivenOwned]) -> &'a [Given<'a>] {
        let given = |param: &'a GivenOwned| Given {
            key: &param.key,
            place: &param.place,
            value: self.value(&param.value),
        };
        keep(&self.givens, params.iter().map(given).collect())
    }

    fn value(&'a self, value: &'a OwnedValue) -> GivenValue<'a> {
        match value {
            OwnedValue::Null => GivenValue::Null,
            OwnedValue::Deferred => GivenValue::Deferred,
            OwnedValue::Scalar {
                text,
                shown,
                int,
                float,
                bool,
                duration_ns,
                bytes,
            } => GivenValue::Scalar {
                text,
                shown,
                int: *int,
                float: *float,
                bool: *bool,
                duration_ns: *duration_ns,
                bytes: *bytes,
            },
            OwnedValue::List(items) => GivenValue::List(keep(
                &self.values,
                items.iter().map(|item| self.value(item)).collect(),
            )),
            OwnedValue::Map(entries) => GivenValue::Map(self.lend(entries)),
        }
    }
}

/// Puts a value into the first free slot; there is one for each.
fn keep<T>(slots: &[OnceCell<Vec<T>>], value: Vec<T>) -> &[T] {
    match slots.iter().find(|slot| slot.get().is_none()) {
        Some(slot) => slot.get_or_init(|| value),
        None => &[],
    }
}

fn count(value: &OwnedValue, lists: &mut usize, maps: &mut usize) {
    match value {
        OwnedValue::List(items) => {
            *lists += 1;
            items.iter().for_each(|item| count(item, lists, maps));
        }
        OwnedValue::Map(entries) => {
            *maps += 1;
            entries.iter().for_each(|entry| count(&entry.value, lists, maps));
        }
        OwnedValue::Null | OwnedValue::Deferred | OwnedValue::Scalar { .. } => {}
    }
}
