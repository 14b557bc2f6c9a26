//! Rows of a queue that were handed out and are not acknowledged: native ids by running number.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::numbered::{number_of, position_of};
use crate::{ConnError, Position};

/// What a queue has handed out and not acknowledged yet, for one partition.
///
/// A queue acknowledges native ids (a delivery tag, an id of a stream), the engine commits positions. So rows are
/// numbered as they are handed out, a position is the number of the last one, and to commit it is to acknowledge all
/// native ids up to this number.
///
/// ```
/// use kis_conn::Unacked;
/// let mut unacked = Unacked::new("orders");
/// unacked.go_on_behind(None)?;
/// let (first, after) = unacked.hand_out(["1-0", "1-1"]);
/// assert_eq!((first, after.show()), (1, "1 row=2".to_owned()));
/// let (_, later) = unacked.hand_out(["2-0"]);
///
/// assert_eq!(unacked.up_to(&after)?.collect::<Vec<_>>(), [&"1-0", &"1-1"]);
/// unacked.acked(&after)?; // once the queue has taken them
/// assert_eq!(unacked.up_to(&after)?.count(), 0); // a second commit has nothing to do
/// assert_eq!(unacked.up_to(&later)?.collect::<Vec<_>>(), [&"2-0"]);
/// # Ok::<(), kis_conn::ConnError>(())
/// ```
#[derive(Debug)]
pub struct Unacked<Id> {
    name: Arc<str>,
    /// The number of the row that was handed out last.
    last: u64,
    /// The ids of the rows up to `last`, oldest first.
    ids: VecDeque<Id>,
}

impl<Id> Unacked<Id> {
    /// Nothing is handed out yet; `name` is what messages call the queue.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Unacked {
            name: name.into(),
            last: 0,
            ids: VecDeque::new(),
        }
    }

    /// Numbers the next rows from behind `from`, as a process does that goes on after another one, so that a position
    /// of the old one acknowledges nothing of the new one. In the process that handed out `from` it changes nothing.
    ///
    /// # Errors
    /// Fatal, if `from` is not a position of a queue, or one of the future.
    pub fn go_on_behind(&mut self, from: Option<&Position>) -> Result<(), ConnError> {
        let number = number_of(from, &self.name)?;
        if self.last == 0 {
            self.last = number;
        }
        self.known(number)
    }

    /// Numbers rows that are handed out now, by their native ids: the number of the first and the position behind the
    /// last of them.
    pub fn hand_out(&mut self, ids: impl IntoIterator<Item = Id>) -> (u64, Position) {
        let (first, before) = (self.last + 1, self.ids.len());
        self.ids.extend(ids);
        self.last += (self.ids.len() - before) as u64;
        (first, position_of(self.last))
    }

    /// The native ids that a commit of this position acknowledges, oldest first.
    ///
    /// # Errors
    /// Fatal, if it is not a position of a queue, or one of the future.
    pub fn up_to(&self, position: &Position) -> Result<impl Iterator<Item = &Id>, ConnError> {
        let count = self.count(position)?;
        Ok(self.ids.iter().take(count))
    }

    /// The queue has taken everything up to this position.
    ///
    /// # Errors
    /// As [`up_to`](Unacked::up_to).
    pub fn acked(&mut self, position: &Position) -> Result<(), ConnError> {
        let count = self.count(position)?;
        self.ids.drain(..count);
        Ok(())
    }

    fn count(&self, position: &Position) -> Result<usize, ConnError> {
        let number = number_of(Some(position), &self.name)?;
        self.known(number)?;
        let before = self.last - self.ids.len() as u64;
        Ok(number.saturating_sub(before) as usize)
    }

    fn known(&self, number: u64) -> Result<(), ConnError> {
        if number <= self.last {
            return Ok(());
        }
        let message = format!(
            "{}: position {number} is one of the future; only {} rows were handed out",
            self.name, self.last
        );
        Err(ConnError::fatal("position", message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_process_acknowledges_nothing_for_the_old_one() {
        let mut unacked = Unacked::new("q");
        let old = position_of(7);
        unacked.go_on_behind(Some(&old)).unwrap();
        let (first, after) = unacked.hand_out(["a", "b"]);
        assert_eq!((first, after.show()), (8, "1 row=9".to_owned()));
        assert_eq!(unacked.up_to(&old).unwrap().count(), 0);
        unacked.acked(&position_of(3)).unwrap();
        unacked.go_on_behind(Some(&position_of(8))).unwrap();
        assert_eq!(
            unacked.up_to(&position_of(8)).unwrap().collect::<Vec<_>>(),
            [&"a"]
        );
        unacked.acked(&position_of(8)).unwrap();
        assert_eq!(unacked.up_to(&after).unwrap().collect::<Vec<_>>(), [&"b"]);
    }

    #[test]
    fn a_position_that_was_never_given_is_refused() {
        let mut unacked = Unacked::new("q");
        unacked.hand_out(["a"]);
        let check = |error: ConnError, expect: &str| assert_eq!(error.message, expect);
        check(
            unacked.acked(&position_of(2)).unwrap_err(),
            "q: position 2 is one of the future; only 1 rows were handed out",
        );
        check(
            unacked
                .go_on_behind(Some(&Position::new(b"2 x".as_slice())))
                .unwrap_err(),
            "q: 2 x is not a position of this source",
        );
    }
}
