//! Lends a step's state to a call, and takes it back even when the call's future is dropped.

use crate::{
    function::{Keyed, StateJob},
    row::{Origin, Row},
    state::{State, StateMap},
};

/// A step's state while a call has it.
#[derive(Debug)]
pub struct Lent<'a, S: State> {
    home: &'a mut StateMap<S>,
    keyed: Keyed<S>,
}

/// Lends the state; none when the job carries no state of this type.
pub(super) fn lend<'a, S: State, T: Row>(
    job: Option<&'a mut StateJob<'_>>,
    rows: &[T],
    origin: &Origin,
) -> Option<Lent<'a, S>> {
    let job = job?;
    let mut keyed = Keyed::of_call(job.keys, origin, rows);
    let home: &'a mut StateMap<S> = job.map.as_any_mut().downcast_mut()?;
    std::mem::swap(home, &mut keyed.map);
    Some(Lent { home, keyed })
}

impl<S: State> Lent<'_, S> {
    /// The state as the function takes it.
    pub fn keyed(&mut self) -> &mut Keyed<S> {
        &mut self.keyed
    }
}

impl<S: State> Drop for Lent<'_, S> {
    fn drop(&mut self) {
        std::mem::swap(self.home, &mut self.keyed.map);
    }
}
