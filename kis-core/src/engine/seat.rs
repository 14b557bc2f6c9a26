//! What is at work on a flow: each lane has a seat on which it notes the call it is in. A look at the seats twice tells
//! which call does not return, and costs those who work two plain stores a call.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use parking_lot::Mutex;

/// Where one lane, or one worker on a head, notes its calls: the number of the call, and in the lowest bits its step.
#[derive(Debug, Default)]
pub(super) struct Seat(AtomicU64);

/// The bits of a seat that hold the step's number, from 1; 0 is no call.
const STEP: u64 = 0xffff;

impl Seat {
    /// A call of step `at` begins. Only one at a time may use the seat.
    pub(super) fn begin(&self, at: usize) {
        let last = self.0.load(Relaxed) & !STEP;
        let step = (at as u64 + 1).min(STEP);
        self.0.store(last.wrapping_add(STEP + 1) | step, Relaxed);
    }

    /// The call is over.
    pub(super) fn end(&self) {
        self.0.store(self.0.load(Relaxed) & !STEP, Relaxed);
    }

    /// The call that is under way: a number that no other call on this seat has, and its step.
    pub(super) fn look(&self) -> Option<(u64, usize)> {
        let call = self.0.load(Relaxed);
        Some((call, (call & STEP) as usize))
            .filter(|(_, step)| *step > 0)
            .map(|(call, step)| (call, step - 1))
    }
}

/// The seats of one flow.
#[derive(Debug, Default)]
pub(super) struct Seats {
    all: Mutex<Vec<Arc<Seat>>>,
    /// Seats for pieces of work that come and go.
    free: Mutex<Vec<Arc<Seat>>>,
}

/// A seat for one piece of work.
#[derive(Debug)]
pub(super) struct Borrowed {
    seats: Arc<Seats>,
    seat: Arc<Seat>,
}

impl Seats {
    /// A new seat, for good.
    pub(super) fn seat(&self) -> Arc<Seat> {
        let seat = Arc::<Seat>::default();
        self.all.lock().push(Arc::clone(&seat));
        seat
    }

    /// A seat until it is dropped.
    pub(super) fn borrow(self: &Arc<Self>) -> Borrowed {
        let free = self.free.lock().pop();
        Borrowed {
            seat: free.unwrap_or_else(|| self.seat()),
            seats: Arc::clone(self),
        }
    }

    /// Tells `each` of every seat with its number and the call under way on it, if there is one.
    pub(super) fn look(&self, mut each: impl FnMut(usize, Option<(u64, usize)>)) {
        let all = self.all.lock();
        all.iter()
            .enumerate()
            .for_each(|(number, seat)| each(number, seat.look()));
    }
}

impl Borrowed {
    pub(super) fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        self.seat.end();
        self.seats.free.lock().push(Arc::clone(&self.seat));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_a_number_of_its_own() {
        let seats = Arc::<Seats>::default();
        let lane = seats.seat();
        assert_eq!(lane.look(), None);
        lane.begin(3);
        let (first, step) = lane.look().unwrap();
        assert_eq!(step, 3);
        lane.end();
        assert_eq!(lane.look(), None);
        lane.begin(3);
        assert_ne!(lane.look().unwrap().0, first);
        let head = seats.borrow();
        head.seat().begin(0);
        let mut seen = Vec::new();
        seats.look(|number, call| seen.push((number, call.map(|(_, step)| step))));
        assert_eq!(seen, [(0, Some(3)), (1, Some(0))]);
        drop(head);
        let _again = seats.borrow();
        let mut count = 0;
        seats.look(|_, _| count += 1);
        assert_eq!(count, 2, "a seat that is given back is given out again");
    }
}
