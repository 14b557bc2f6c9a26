//! Keyed state: values that a function keeps for each key, in memory while the flow runs and in the store at each cut.

mod erased;
mod map;

#[cfg(test)]
mod tests;

pub use self::{
    erased::{AnyState, EachValue, Frozen, StateInfo},
    map::StateMap,
};

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

/// A value kept per key by a function that takes `&mut S` (row at a time) or `&mut Keyed<S>` (batch at a time).
///
/// Derive it: `#[derive(Clone, Default, Serialize, Deserialize, State)] #[state(ttl = "30d", version = 1)]`.
/// A key that was never seen, or not for longer than the time to live, starts at `Default`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a state",
    label = "not a state",
    note = "add `#[derive(State)]` and `#[state(ttl = \"30d\")]` to `{Self}`"
)]
pub trait State: Clone + Default + Serialize + DeserializeOwned + Send + 'static {
    /// How long a value is kept after it was last written.
    const TTL: Duration;
    /// The version of the stored form. Raise it when the fields change their meaning.
    const VERSION: u32;
    /// A number that changes when the names or the types of the fields do; the derive computes it.
    const FINGERPRINT: u64 = 0;
}
