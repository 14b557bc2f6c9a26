//! State without its type, as the engine handles it: touch, undo, freeze, load.

use std::{any::Any, fmt, sync::Arc};

use super::{
    State, StateMap, StateShape,
    map::FrozenValue,
    version::{Version, read, versions_of},
};
use crate::row::key::KeyRef;

/// What is known of a function's state type.
#[derive(Clone, Copy)]
pub struct StateInfo {
    /// The Rust name of the state type.
    pub type_name: fn() -> &'static str,
    /// The version of its stored form.
    pub version: u32,
    /// Its stored form.
    pub shape: fn() -> Arc<StateShape>,
    /// The versions that it reads, its own first.
    pub versions: fn() -> Vec<Version>,
    /// How long a value is kept after it was last written, in milliseconds.
    pub ttl_ms: u64,
    /// The field by whose value this state is kept, if not by the key of the row's lane.
    pub key: Option<&'static str>,
    /// Makes an empty map for one lane.
    pub new: fn() -> Box<dyn AnyState>,
    /// A stored value of a version as JSON, in the form that the type has now.
    pub json: fn(u32, &[u8]) -> Result<String, String>,
}

impl StateInfo {
    /// What is known of `S`, kept by the key that a row carries or by `key`.
    pub const fn of<S: State>(key: Option<&'static str>) -> StateInfo {
        StateInfo {
            type_name: std::any::type_name::<S>,
            version: S::VERSION,
            shape: StateShape::of::<S>,
            versions: || {
                let mut versions = Vec::new();
                versions_of::<S>(&mut versions);
                versions
            },
            ttl_ms: S::TTL.as_millis() as u64,
            key,
            new: || Box::new(StateMap::<S>::default()),
            json: |version, bytes| {
                serde_json::to_string(&read::<S>(version, bytes)?).map_err(|error| error.to_string())
            },
        }
    }
}

impl StateInfo {
    /// The stored form of the type.
    pub fn shape(&self) -> Arc<StateShape> {
        (self.shape)()
    }

    /// The type's name without its modules.
    pub fn short_name(&self) -> &'static str {
        let name = (self.type_name)();
        name.rsplit("::").next().unwrap_or(name)
    }

    /// The same, kept by the value of the field `key`.
    #[must_use]
    pub const fn by(self, key: Option<&'static str>) -> StateInfo {
        StateInfo { key, ..self }
    }
}

impl fmt::Debug for StateInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateInfo")
            .field("type", &(self.type_name)())
            .field("version", &self.version)
            .field("ttl_ms", &self.ttl_ms)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The state of one step in one lane, whatever its type.
pub trait AnyState: Send {
    /// The map itself; a [`StateMap`] of the function's state type.
    fn as_any_mut(&mut self) -> &mut (dyn Any + Send);
    /// Accepts what the last call touched.
    fn keep(&mut self);
    /// Puts back what the last call touched.
    fn undo(&mut self);
    /// From here on nothing is kept for good, until [`AnyState::let_go`].
    fn hold(&mut self);
    /// Ends what [`AnyState::hold`] began; the touches since then can still be undone.
    fn let_go(&mut self);
    /// Sets the clock by which values expire, in milliseconds since 1970.
    fn set_now(&mut self, now_ms: u64);
    /// Overrides how long values are kept, in milliseconds.
    fn set_ttl(&mut self, ttl_ms: u64);
    /// How many keys have a value.
    fn len(&self) -> usize;
    /// Whether no key has a value.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Puts in a value that the store held, of this or an earlier version. One of an earlier version counts as changed, so
    /// that the next cut stores it anew.
    ///
    /// # Errors
    /// A text saying why the bytes cannot be read as this type.
    fn load(&mut self, key: KeyRef<'_>, version: u32, bytes: &[u8], expires_ms: u64) -> Result<(), String>;
    /// Copies what changed since the last freeze; the copy is encoded beside the lane.
    fn freeze(&mut self) -> Box<dyn Frozen>;
    /// Forgets values whose time to live has passed.
    fn expire(&mut self);
}

/// Takes the encoded values of a state one by one: key, bytes (`None` when removed), and when they expire in
/// milliseconds since 1970.
pub type EachValue<'a> = &'a mut dyn FnMut(KeyRef<'_>, Option<Vec<u8>>, u64);

/// What changed in a state, taken at a marker and not yet encoded.
pub trait Frozen: Send {
    /// How many values there are.
    fn len(&self) -> usize;
    /// Whether there is nothing to write.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Encodes the values one by one: key, bytes (`None` when removed), and when they expire in milliseconds since 1970.
    ///
    /// # Errors
    /// A text naming the value that cannot be encoded.
    fn encode(self: Box<Self>, each: EachValue<'_>) -> Result<(), String>;
}

impl<S: State> AnyState for StateMap<S> {
    fn as_any_mut(&mut self) -> &mut (dyn Any + Send) {
        self
    }

    fn keep(&mut self) {
        StateMap::keep(self);
    }

    fn undo(&mut self) {
        StateMap::undo(self);
    }

    fn hold(&mut self) {
        StateMap::hold(self);
    }

    fn let_go(&mut self) {
        StateMap::let_go(self);
    }

    fn set_now(&mut self, now_ms: u64) {
        StateMap::set_now(self, now_ms);
    }

    fn set_ttl(&mut self, ttl_ms: u64) {
        StateMap::set_ttl(self, ttl_ms);
    }

    fn len(&self) -> usize {
        StateMap::len(self)
    }

    fn load(&mut self, key: KeyRef<'_>, version: u32, bytes: &[u8], expires_ms: u64) -> Result<(), String> {
        StateMap::load(
            self,
            key,
            read(version, bytes)?,
            expires_ms,
            version != S::VERSION,
        );
        Ok(())
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        Box::new(StateMap::freeze(self))
    }

    fn expire(&mut self) {
        StateMap::expire(self);
    }
}

impl<S: State> Frozen for Vec<FrozenValue<S>> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn encode(self: Box<Self>, each: EachValue<'_>) -> Result<(), String> {
        for frozen in *self {
            let bytes = frozen
                .value
                .as_ref()
                .map(rmp_serde::to_vec_named)
                .transpose()
                .map_err(|e| {
                    format!(
                        "the state {} of key {} cannot be stored: {e}",
                        std::any::type_name::<S>(),
                        frozen.key.as_ref()
                    )
                })?;
            each(frozen.key.as_ref(), bytes, frozen.expires_ms);
        }
        Ok(())
    }
}
