//! State by key for functions that take a batch.

use std::sync::Arc;

use super::call::key_of;
use crate::{
    row::{Origin, Row, key::Keys},
    state::{State, StateMap},
};

/// The state of each row's key, for a function that takes a batch.
///
/// ```
/// # use kis_core::prelude::*;
/// # #[derive(Row)] struct Flight { carrier: String, delay: f64 }
/// # #[derive(Clone, Default, State)] #[state(ttl = "1d")] struct Sum { flights: u64 }
/// #[kis_function(mode = "Calculate")]
/// fn count(rows: &[Flight], sums: &mut Keyed<Sum>) {
///     for row in rows {
///         sums.of(row).flights += 1;
///     }
/// }
/// let rows = [Flight { carrier: "UA".into(), delay: 3.0 }];
/// let mut sums = Keyed::by("carrier");
/// count(&rows, &mut sums);
/// assert_eq!(sums.of(&rows[0]).flights, 1);
/// ```
#[derive(Debug)]
pub struct Keyed<S> {
    pub(super) map: StateMap<S>,
    rows: Find,
}

/// How the key of a row is found.
#[derive(Debug)]
enum Find {
    /// The rows of a call, by where they stand in memory.
    Call {
        keys: Arc<Keys>,
        origin: Origin,
        first: usize,
        size: usize,
        rows: usize,
    },
    /// Any row, by a field; for tests.
    Field(String),
}

impl<S: State> Keyed<S> {
    /// State by the value of `field`, for tests.
    pub fn by(field: impl Into<String>) -> Keyed<S> {
        Keyed {
            map: StateMap::default(),
            rows: Find::Field(field.into()),
        }
    }

    /// The state of the row's key, to read and to change; `Default` for a key never seen.
    ///
    /// # Panics
    /// If `row` is not one of the rows that the function was given: a copy of a row has no key.
    pub fn of<T: Row>(&mut self, row: &T) -> &mut S {
        match &self.rows {
            Find::Call {
                keys,
                origin,
                first,
                size,
                rows,
            } => {
                let i = std::ptr::from_ref(row).addr().wrapping_sub(*first) / (*size).max(1);
                assert!(
                    i < *rows,
                    "state.of(row) takes a row of the batch that the function was given, not a copy of one"
                );
                self.map.touch(key_of(keys, origin, i))
            }
            Find::Field(field) => {
                let mut key = Keys::with_capacity(1);
                let at = T::SHAPE.find(field);
                key.push_value(at.map_or(crate::row::Value::Missing, |at| row.field(at)));
                self.map.touch(key.get(0))
            }
        }
    }

    /// The rows of one call, with the values still elsewhere.
    pub(super) fn of_call<T: Row>(keys: &Arc<Keys>, origin: &Origin, rows: &[T]) -> Keyed<S> {
        Keyed {
            map: StateMap::default(),
            rows: Find::Call {
                keys: Arc::clone(keys),
                origin: origin.clone(),
                first: rows.as_ptr().addr(),
                size: size_of::<T>(),
                rows: rows.len(),
            },
        }
    }
}
