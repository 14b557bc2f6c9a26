//! Which step comes next: KisFlow's actions as a pure function.

/// What a step's call came to, as far as the way through the flow depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Came {
    /// The step asked to end the run after it.
    pub(super) abort: bool,
    /// The step asked to go on even without rows.
    pub(super) force_next: bool,
    /// The step asked to go on at this step.
    pub(super) jump: Option<usize>,
    /// The result has no rows.
    pub(super) empty: bool,
}

/// Where a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// At this step; with what came before it in this run when the flag says that it is a jump back.
    Step { at: usize, back: bool },
    /// The last step is done.
    Done,
    /// The step ended the run by its action.
    Aborted,
    /// The result was empty, and nothing asked to go on.
    Empty,
}

/// Where a run goes on after step `at` of `steps`.
///
/// The actions are handled in KisFlow's order: an empty result ends the run, force-next and jump overrule that, and
/// abort overrules all.
pub(super) fn next(at: usize, steps: usize, came: Came) -> Next {
    if came.abort {
        return Next::Aborted;
    }
    if let Some(target) = came.jump {
        return Next::Step {
            at: target,
            back: target <= at,
        };
    }
    if at + 1 == steps {
        return Next::Done;
    }
    if came.empty && !came.force_next {
        return Next::Empty;
    }
    Next::Step {
        at: at + 1,
        back: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_through_a_flow() {
        let came = Came::default();
        let empty = Came { empty: true, ..came };
        for (at, came, expected) in [
            (0, came, Next::Step { at: 1, back: false }),
            (2, came, Next::Done),
            (2, empty, Next::Done),
            (0, empty, Next::Empty),
            (
                0,
                Came {
                    force_next: true,
                    ..empty
                },
                Next::Step { at: 1, back: false },
            ),
            (
                1,
                Came {
                    jump: Some(0),
                    ..empty
                },
                Next::Step { at: 0, back: true },
            ),
            (
                1,
                Came {
                    jump: Some(1),
                    ..came
                },
                Next::Step { at: 1, back: true },
            ),
            (
                0,
                Came {
                    jump: Some(2),
                    ..came
                },
                Next::Step { at: 2, back: false },
            ),
            (
                1,
                Came {
                    jump: Some(0),
                    abort: true,
                    force_next: true,
                    ..came
                },
                Next::Aborted,
            ),
        ] {
            assert_eq!(next(at, 3, came), expected, "step {at}, {came:?}");
        }
    }
}
