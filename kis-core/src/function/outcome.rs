//! Rows plus an action: what a batch function returns when it tells the flow more than its rows.

use std::borrow::Cow;

use super::{Action, Function, JumpTo};

/// The rows that a batch function hands on, and what it tells the flow.
///
/// ```
/// # use kis_core::prelude::*;
/// fn stop_when_empty(rows: Vec<u32>) -> Outcome<u32> {
///     if rows.is_empty() { Outcome::abort() } else { Outcome::rows(rows) }
/// }
/// assert!(stop_when_empty(vec![]).action().abort);
/// ```
#[derive(Clone, Debug)]
pub struct Outcome<T = ()> {
    rows: Option<Vec<T>>,
    action: Action,
}

impl<T> Outcome<T> {
    /// Hands on `rows`.
    pub fn rows(rows: Vec<T>) -> Outcome<T> {
        Outcome {
            rows: Some(rows),
            action: Action::default(),
        }
    }

    /// Ends the run after this step.
    pub fn abort() -> Outcome<T> {
        Outcome::only(Action {
            abort: true,
            ..Action::default()
        })
    }

    /// Hands on the rows that came in. Declare it: `#[kis_function(.., reuse)]`.
    pub fn reuse() -> Outcome<T> {
        Outcome::only(Action {
            reuse: true,
            ..Action::default()
        })
    }

    /// Goes on to the next step even though there are no rows.
    pub fn force_next() -> Outcome<T> {
        Outcome::only(Action {
            force_next: true,
            ..Action::default()
        })
    }

    /// Goes on at the step of the function `F`. Declare it: `#[kis_function(.., jumps(f))]`.
    pub fn jump<F: Function>() -> Outcome<T> {
        Outcome::only(Action {
            jump: Some(JumpTo::Function(F::NAME)),
            ..Action::default()
        })
    }

    /// Goes on at the step with this name, for a function that a flow uses more than once.
    pub fn jump_to(step: impl Into<Cow<'static, str>>) -> Outcome<T> {
        Outcome::only(Action {
            jump: Some(JumpTo::Step(step.into())),
            ..Action::default()
        })
    }

    /// The same rows, and what `other` tells too. Rows of `other` count if there are none here.
    #[must_use]
    pub fn and(self, other: Outcome<T>) -> Outcome<T> {
        Outcome {
            rows: self.rows.or(other.rows),
            action: self.action.and(other.action),
        }
    }

    /// What it tells the flow.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The rows that it hands on, if it says.
    pub fn into_rows(self) -> Option<Vec<T>> {
        self.rows
    }

    pub(crate) fn into_parts(self) -> (Option<Vec<T>>, Action) {
        (self.rows, self.action)
    }

    fn only(action: Action) -> Outcome<T> {
        Outcome { rows: None, action }
    }
}

impl Outcome {
    /// Goes on with the rows that came in, for a function that borrows them.
    ///
    /// ```
    /// # use kis_core::prelude::*;
    /// fn stop_when_empty(rows: &[u32]) -> Outcome {
    ///     if rows.is_empty() { Outcome::abort() } else { Outcome::next() }
    /// }
    /// assert!(!stop_when_empty(&[1]).action().abort);
    /// ```
    pub fn next() -> Outcome {
        Outcome::only(Action::default())
    }
}
