//! Keyed state: values that a function keeps for each key, in memory while the flow runs and in the store at each cut.

mod blank;
mod erased;
mod form;
mod map;
mod probe;
mod shape;
mod version;

#[cfg(test)]
mod tests;

pub use self::{
    erased::{AnyState, EachValue, Frozen, StateInfo},
    map::StateMap,
    shape::StateShape,
    version::{Before, MigratedFrom, Version},
};

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

/// A value kept per key by a function that takes `&mut S` (row at a time) or `&mut Keyed<S>` (batch at a time).
///
/// Derive it: `#[derive(Clone, Default, Serialize, Deserialize, State)] #[state(ttl = "30d", version = 1)]`.
/// A key that was never seen, or not for longer than the time to live, starts at `Default`.
///
/// What was stored outlives the program, so a type whose fields change keeps its old form beside it, raises its version
/// and says how an old value becomes a new one. A flow that finds values of another form in its store does not start.
///
/// ```
/// # use kis_core::prelude::*;
/// #[derive(Clone, Default, State)]
/// #[state(ttl = "30d", version = 2, migrate_from = SpentV1)]
/// struct Spent {
///     cents: i64,
/// }
///
/// /// As it was until the amounts were counted in cents.
/// #[derive(Clone, Default, State)]
/// #[state(ttl = "30d")]
/// struct SpentV1 {
///     total: f64,
/// }
///
/// impl From<SpentV1> for Spent {
///     fn from(old: SpentV1) -> Spent {
///         Spent { cents: (old.total * 100.0).round() as i64 }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state",
    label = "not a state",
    note = "add `#[derive(State)]` and `#[state(ttl = \"30d\")]` to `{Self}`"
)]
pub trait State: Clone + Default + Serialize + DeserializeOwned + Send + 'static {
    /// How long a value is kept after it was last written.
    const TTL: Duration;
    /// The version of the stored form. Raise it when the fields change, or their meaning.
    const VERSION: u32;
    /// How values of earlier versions are read.
    const BEFORE: Option<Before<Self>> = None;
}
