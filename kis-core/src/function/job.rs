//! One call of a step: what it is given and what it answers.

use std::{borrow::Cow, sync::Arc};

use super::{Ctx, Hold, Place};
use crate::{
    error::Error,
    row::{Batch, Fails, key::Keys},
    state::AnyState,
};

/// One call of a step on one batch.
pub struct Job<'a> {
    /// Where the call stands, and what the function's arguments are fetched from.
    pub cx: &'a Ctx,
    /// The rows. Afterwards, if the answer is [`Verdict::Go`], what the step hands on; else what it was given.
    pub batch: &'a mut Batch,
    /// The step's state, if it keeps some.
    pub state: Option<StateJob<'a>>,
    /// Takes the rows that failed alone.
    pub fails: &'a mut Fails,
    /// How rows keep their order when one of them is tried again; nothing where they need not.
    pub hold: Option<Hold<'a>>,
    /// Where the loop over the rows notes how far it is; nothing where the call may take its time, or cannot be ended.
    pub place: Option<&'a Place>,
}

/// The state of a step for one call.
///
/// After the call everything touched is kept, or put back if the call failed; a call whose future is dropped leaves
/// what it touched to be put back by `map.undo()`.
pub struct StateJob<'a> {
    /// The values.
    pub map: &'a mut dyn AnyState,
    /// The keys: row `i` has the key at its origin in the batch, or at `i` when its origin is the whole batch.
    pub keys: &'a Arc<Keys>,
}

/// How a call ended.
#[derive(Debug)]
pub enum Verdict {
    /// It was done; rows that failed alone stand in [`Job::fails`].
    Go(Action),
    /// The whole batch failed and stands as it did before the call.
    Failed(Error),
}

/// What a function tells the flow beside its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// End the run after this step.
    pub abort: bool,
    /// Hand on the rows that came in.
    pub reuse: bool,
    /// Go on even without rows.
    pub force_next: bool,
    /// Go on at another step.
    pub jump: Option<JumpTo>,
}

/// Where a jump goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JumpTo {
    /// To the step of the function with this name.
    Function(&'static str),
    /// To the step with this name.
    Step(Cow<'static, str>),
}

impl std::fmt::Display for JumpTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            JumpTo::Function(name) => name,
            JumpTo::Step(name) => name,
        })
    }
}

impl Action {
    /// Whether the flow simply goes on.
    pub fn is_none(&self) -> bool {
        *self == Action::default()
    }

    /// Both actions; the jump of the later one counts.
    #[must_use]
    pub fn and(self, other: Action) -> Action {
        Action {
            abort: self.abort || other.abort,
            reuse: self.reuse || other.reuse,
            force_next: self.force_next || other.force_next,
            jump: other.jump.or(self.jump),
        }
    }
}

impl From<Error> for Verdict {
    fn from(error: Error) -> Verdict {
        Verdict::Failed(error)
    }
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("cx", self.cx)
            .field("rows", &self.batch.len())
            .field("fails", &self.fails.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for StateJob<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StateJob")
            .field("values", &self.map.len())
            .finish_non_exhaustive()
    }
}
