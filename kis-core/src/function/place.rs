//! Where a call that takes its rows one by one has come to, so that of a call that takes too long the row is known.

use std::sync::atomic::{
    AtomicU32,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use parking_lot::Mutex;

use crate::{error::Error, row::Fails};

/// Set in the count of rows once nobody waits for the call any more.
const GIVEN_UP: u32 = 1 << 31;

/// Where a call is, as the loop over its rows notes it and whoever waits for it sees it, maybe from another thread.
///
/// Rows have the numbers that they have in the loop.
#[derive(Debug, Default)]
pub struct Place {
    /// How many rows have begun.
    begun: AtomicU32,
    missing: Mutex<Missing>,
}

/// The rows of a call that are behind it and have no result.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    /// Those that cannot be read as what the function takes. The loop does not count them: these are their numbers in
    /// the batch.
    pub(crate) unread: Vec<usize>,
    /// Those that failed.
    pub(crate) failed: Vec<(usize, Error)>,
    /// Those that were not called, since they wait behind one that failed.
    pub(crate) held: Vec<usize>,
}

/// What ends the loop of a call that was given up.
#[derive(Debug)]
pub(crate) struct GivenUp;

/// The call of the next row begins.
#[inline]
pub fn begins(place: Option<&Place>) {
    if let Some(place) = place
        && place.begun.fetch_add(1, AcqRel) & GIVEN_UP != 0
    {
        // The row may belong to another call by now.
        std::panic::resume_unwind(Box::new(GivenUp));
    }
}

impl Place {
    /// All rows before row `i` are done.
    pub(crate) fn set(&self, i: usize) {
        self.begun.store(i as u32 + 1, Release);
    }

    /// No row is in the call any more.
    pub(crate) fn pass(&self) {
        self.begun.fetch_add(1, AcqRel);
    }

    /// Row `i` failed.
    pub(crate) fn failed(&self, i: usize, error: &Error) {
        self.missing.lock().failed.push((i, error.clone()));
    }

    /// Row `i` is not called.
    pub(crate) fn held(&self, i: usize) {
        self.missing.lock().held.push(i);
    }

    /// These rows could not be read.
    pub(crate) fn unread(&self, fails: &Fails) {
        let unread = fails.iter().map(|fail| fail.index as usize);
        self.missing.lock().unread.extend(unread);
    }

    /// How many rows have begun, without those that cannot be read.
    pub(crate) fn begun(&self) -> u32 {
        self.begun.load(Acquire) & !GIVEN_UP
    }

    /// Gives the call up, if no row has begun since `begun` were seen: none begins any more.
    pub(crate) fn give_up(&self, begun: u32) -> bool {
        let given_up = begun | GIVEN_UP;
        self.begun
            .compare_exchange(begun, given_up, AcqRel, Relaxed)
            .is_ok()
    }

    /// The rows so far that have no result.
    pub(crate) fn missing(&self) -> Missing {
        std::mem::take(&mut *self.missing.lock())
    }
}

impl Missing {
    /// The number in the batch of the row that the loop calls `i`.
    pub(crate) fn in_batch(&self, i: usize) -> usize {
        self.unread
            .iter()
            .fold(i, |i, unread| i + usize::from(*unread <= i))
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn none_begins_once_the_call_was_given_up() {
        let place = Place::default();
        begins(Some(&place));
        begins(Some(&place));
        assert_eq!(place.begun(), 2);
        assert!(!place.give_up(1), "the row that was seen is done");
        begins(Some(&place));
        assert!(place.give_up(3));
        let late = catch_unwind(AssertUnwindSafe(|| begins(Some(&place)))).unwrap_err();
        assert!(late.is::<GivenUp>());
    }

    #[test]
    fn rows_that_cannot_be_read_are_counted_in_the_batch_alone() {
        let missing = Missing {
            unread: vec![0, 2, 5],
            ..Missing::default()
        };
        let found: Vec<usize> = (0..4).map(|i| missing.in_batch(i)).collect();
        assert_eq!(found, [1, 3, 4, 6]);
    }
}
