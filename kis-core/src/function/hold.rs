//! Which rows of a call are left out once one before them has failed and is tried again, so that rows keep their order.

use std::{fmt, sync::Arc};

use crate::{
    error::Error,
    row::{Origin, key::Keys},
};

/// How the rows of a call keep their order when one of them is tried again later.
#[derive(Clone, Copy)]
pub struct Hold<'a> {
    /// The keys by which rows keep their order: a row has that of its origin. Nothing where every row waits for all
    /// before it.
    pub keys: Option<&'a Arc<Keys>>,
    /// Whether a row that failed with this error is tried again.
    pub waits: &'a (dyn Fn(&Error) -> bool + Send + Sync),
}

/// The rows of a call that wait behind one that failed.
#[derive(Debug)]
pub(super) struct Behind<'a, O> {
    hold: Option<Hold<'a>>,
    origin: O,
    /// The hashes of the keys that wait.
    keys: Vec<u64>,
    /// Whether all rows wait.
    all: bool,
}

impl<'a, O: AsRef<Origin>> Behind<'a, O> {
    /// Nothing has failed yet; `origin` says where the rows of the call came from.
    pub(super) fn new(hold: Option<Hold<'a>>, origin: O) -> Behind<'a, O> {
        Behind {
            hold,
            origin,
            keys: Vec::new(),
            all: false,
        }
    }

    /// Notes that row `i` failed. Whether rows may wait from here on.
    #[cold]
    pub(super) fn failed(&mut self, i: usize, error: &Error) -> bool {
        if let Some(hold) = &self.hold
            && (hold.waits)(error)
        {
            match hold.keys.zip(self.origin.as_ref().of(i)) {
                Some((keys, row)) => self.keys.push(keys.hash(row as usize)),
                None => self.all = true,
            }
        }
        self.any()
    }

    /// Whether rows wait.
    pub(super) fn any(&self) -> bool {
        self.all || !self.keys.is_empty()
    }

    /// Whether row `i` waits.
    pub(super) fn holds(&self, i: usize) -> bool {
        let key = || {
            let keys = self.hold?.keys?;
            Some(keys.hash(self.origin.as_ref().of(i)? as usize))
        };
        self.all || !self.keys.is_empty() && key().is_some_and(|key| self.keys.contains(&key))
    }
}

impl fmt::Debug for Hold<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
