//! The state of a row's key during a call.

use std::sync::Arc;

use crate::{
    function::StateJob,
    row::{
        Origin,
        key::{KeyRef, Keys},
    },
    state::{State, StateMap},
};

/// The state of a step for the rows of one call.
#[derive(Debug)]
pub(super) struct StateOf<'a, S> {
    map: &'a mut StateMap<S>,
    keys: &'a Arc<Keys>,
    origin: &'a Origin,
}

impl<'a, S: State> StateOf<'a, S> {
    /// None when the job carries no state of this type.
    pub(super) fn new(job: Option<&'a mut StateJob<'_>>, origin: &'a Origin) -> Option<StateOf<'a, S>> {
        let job = job?;
        Some(StateOf {
            map: job.map.as_any_mut().downcast_mut()?,
            keys: job.keys,
            origin,
        })
    }

    /// Accepts what the row before touched and gives the state of row `i`.
    #[inline]
    pub(super) fn next(&mut self, i: usize) -> &mut S {
        self.map.next(key_of(self.keys, self.origin, i))
    }

    /// The state of row `i`; what was touched before stays open.
    pub(super) fn touch(&mut self, i: usize) -> &mut S {
        self.map.touch(key_of(self.keys, self.origin, i))
    }

    /// The state of row `i`, if its key has one.
    pub(super) fn get(&self, i: usize) -> Option<&S> {
        self.map.get(key_of(self.keys, self.origin, i))
    }

    /// Takes the state of row `i` away.
    pub(super) fn remove(&mut self, i: usize) {
        self.map.remove(key_of(self.keys, self.origin, i));
    }

    pub(super) fn undo(&mut self) {
        self.map.undo();
    }

    pub(super) fn keep(&mut self) {
        self.map.keep();
    }
}

/// The key of row `i`: that of the row it came from.
///
/// # Panics
/// If the row stands for a whole batch, which has no key; a plan reads the key anew before such a row meets state.
#[inline]
pub(crate) fn key_of<'k>(keys: &'k Keys, origin: &Origin, i: usize) -> KeyRef<'k> {
    let from = origin.of(i);
    keys.get(
        from.expect("bug in kis: a row that stands for a whole batch came to a step with state") as usize,
    )
}
