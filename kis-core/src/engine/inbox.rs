//! A lane's inbox: batches and markers from one or several inputs, aligned so that a marker never overtakes a row
//! and no row behind a marker is worked on before the lane's own freeze.

use std::collections::VecDeque;

/// What a lane takes out of its inbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mail<T> {
    /// A batch (or whatever the lane works on).
    Item(T),
    /// All inputs have delivered the marker of this cut: freeze now.
    Marker(u64),
}

/// The mail of one lane, in the order in which it may be worked on.
#[derive(Debug)]
pub(super) struct Inbox<T> {
    ready: VecDeque<Mail<T>>,
    inputs: Vec<Input<T>>,
}

#[derive(Debug)]
struct Input<T> {
    /// What the input sent behind a marker that other inputs have not delivered yet.
    held: VecDeque<Mail<T>>,
    /// The marker that this input has delivered and the lane has not met.
    delivered: Option<u64>,
}

impl<T> Inbox<T> {
    /// An empty inbox with this many inputs.
    pub(super) fn new(inputs: usize) -> Inbox<T> {
        let inputs = (0..inputs)
            .map(|_| Input {
                held: VecDeque::new(),
                delivered: None,
            })
            .collect();
        Inbox {
            ready: VecDeque::new(),
            inputs,
        }
    }

    /// Adds an item from `input`; it is held while the input waits for the others' marker.
    pub(super) fn item(&mut self, input: usize, item: T) {
        match self.inputs[input].delivered {
            Some(_) => self.inputs[input].held.push_back(Mail::Item(item)),
            None => self.ready.push_back(Mail::Item(item)),
        }
    }

    /// Adds the marker of `cut` from `input`.
    pub(super) fn marker(&mut self, input: usize, cut: u64) {
        if self.inputs[input].delivered.is_some() {
            self.inputs[input].held.push_back(Mail::Marker(cut));
            return;
        }
        self.inputs[input].delivered = Some(cut);
        self.align();
    }

    /// Takes the next piece of mail.
    pub(super) fn pop(&mut self) -> Option<Mail<T>> {
        self.ready.pop_front()
    }

    /// How many pieces of mail wait, held ones included.
    pub(super) fn len(&self) -> usize {
        self.ready.len() + self.inputs.iter().map(|input| input.held.len()).sum::<usize>()
    }

    /// Lets the marker through once every input has delivered it, and then what was held behind it.
    fn align(&mut self) {
        while self.inputs.iter().all(|input| input.delivered.is_some()) {
            let Some(cut) = self.inputs.first().and_then(|input| input.delivered) else {
                return;
            };
            debug_assert!(
                self.inputs.iter().all(|input| input.delivered == Some(cut)),
                "bug in kis: markers out of step"
            );
            self.ready.push_back(Mail::Marker(cut));
            for input in &mut self.inputs {
                input.delivered = None;
                while let Some(mail) = input.held.pop_front() {
                    match mail {
                        Mail::Item(item) => self.ready.push_back(Mail::Item(item)),
                        Mail::Marker(next) => {
                            input.delivered = Some(next);
                            break;
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_input_that_delivered_the_marker_is_held_until_all_have() {
        let mut inbox = Inbox::new(2);
        inbox.item(0, "a1");
        inbox.marker(0, 1);
        inbox.item(0, "a2");
        inbox.item(1, "b1");
        assert_eq!(inbox.pop(), Some(Mail::Item("a1")));
        assert_eq!(inbox.pop(), Some(Mail::Item("b1")));
        assert_eq!(inbox.pop(), None);
        inbox.marker(1, 1);
        assert_eq!(inbox.pop(), Some(Mail::Marker(1)));
        assert_eq!(inbox.pop(), Some(Mail::Item("a2")));
    }

    proptest! {
        /// Whatever the interleaving of inputs: each input's mail stays in order, and between two markers the lane
        /// sees exactly what each input sent between the two.
        #[test]
        fn a_marker_cuts_every_input_at_its_own_marker(
            sent in prop::collection::vec((0..3usize, any::<bool>()), 0..120),
            pops in prop::collection::vec(any::<bool>(), 0..240),
        ) {
            let mut inbox = Inbox::new(3);
            let mut epochs = [0u64; 3];
            let mut numbers = [0u32; 3];
            let mut seen = Vec::new();
            let mut pops = pops.into_iter();
            for (input, is_marker) in sent {
                if is_marker {
                    epochs[input] += 1;
                    inbox.marker(input, epochs[input]);
                } else {
                    inbox.item(input, (input, epochs[input], numbers[input]));
                    numbers[input] += 1;
                }
                if pops.next() == Some(true) {
                    seen.extend(inbox.pop());
                }
            }
            while let Some(mail) = inbox.pop() {
                seen.push(mail);
            }
            let mut epoch = 0;
            let mut next = [0u32; 3];
            for mail in seen {
                match mail {
                    Mail::Marker(cut) => { epoch += 1; prop_assert_eq!(cut, epoch); }
                    Mail::Item((input, sent_in, number)) => {
                        prop_assert_eq!(sent_in, epoch);
                        prop_assert_eq!(number, next[input]);
                        next[input] += 1;
                    }
                }
            }
            prop_assert_eq!(epoch, *epochs.iter().min().unwrap());
        }
    }
}
