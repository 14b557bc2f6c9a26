//! Puts finished work of one partition back into the order in which it was read.

use std::collections::VecDeque;

/// Work that free workers finish in any order and that leaves in the order in which it was started.
#[derive(Debug)]
pub(super) struct Sequence<T> {
    /// The number of the front slot.
    first: u64,
    slots: VecDeque<Option<T>>,
}

impl<T> Default for Sequence<T> {
    fn default() -> Self {
        Sequence {
            first: 0,
            slots: VecDeque::new(),
        }
    }
}

impl<T> Sequence<T> {
    /// Reserves the next place and returns its number.
    pub(super) fn reserve(&mut self) -> u64 {
        self.slots.push_back(None);
        self.first + self.slots.len() as u64 - 1
    }

    /// Fills a reserved place.
    pub(super) fn fill(&mut self, number: u64, value: T) {
        let slot = &mut self.slots[(number - self.first) as usize];
        debug_assert!(slot.is_none(), "bug in kis: a place is filled twice");
        *slot = Some(value);
    }

    /// Takes the next value in order, if it is there.
    pub(super) fn pop(&mut self) -> Option<T> {
        let value = self.slots.front_mut()?.take()?;
        self.slots.pop_front();
        self.first += 1;
        Some(value)
    }

    /// Whether every reserved place was filled and taken.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_leave_in_the_order_of_their_places(order in Just((0..50u64).collect::<Vec<_>>()).prop_shuffle()) {
            let mut sequence = Sequence::default();
            for number in 0..50 {
                prop_assert_eq!(sequence.reserve(), number);
            }
            let mut out = Vec::new();
            for number in order {
                sequence.fill(number, number);
                while let Some(value) = sequence.pop() {
                    out.push(value);
                }
            }
            prop_assert_eq!(out, (0..50).collect::<Vec<_>>());
            prop_assert!(sequence.is_empty());
        }
    }
}
