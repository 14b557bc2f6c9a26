//! The facts of a flow file, in a form that a `const` can hold.

use kis_conf::{Given, Mode, Msg};

use crate::function::FunctionInfo;

/// A value and where it is written, as `conf/a.yml:7:5`.
#[derive(Clone, Copy, Debug)]
pub struct At<'a, T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub place: &'a str,
}

/// A flow as its file says it.
#[derive(Clone, Copy, Debug)]
pub struct FlowText<'a> {
    /// Its name.
    pub name: At<'a, &'a str>,
    /// Its steps, and behind them those of `at_end`.
    pub steps: &'a [StepText<'a>],
    /// How many of the steps are the flow's own.
    pub own_steps: usize,
    /// Its sources.
    pub sources: &'a [SourceText<'a>],
    /// Whether it says how often a run may jump.
    pub bounded_jumps: bool,
    /// The errors that `by_variant` of the flow names.
    pub variants: &'a [At<'a, &'a str>],
}

/// A step as the files say it.
#[derive(Clone, Copy, Debug)]
pub struct StepText<'a> {
    /// Where the step begins.
    pub place: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The function it names.
    pub fname: At<'a, &'a str>,
    /// The mode that a func document says.
    pub mode: Option<At<'a, Mode>>,
    /// The connector that the step or a func document names.
    pub conn: Option<At<'a, &'a str>>,
    /// The fields that a func document demands.
    pub must: &'a [At<'a, &'a str>],
    /// The params, the func document's defaults included.
    pub params: &'a [Given<'a>],
    /// The errors that `by_variant` of the step names.
    pub variants: &'a [At<'a, &'a str>],
}

/// A source as its document says it.
#[derive(Clone, Copy, Debug)]
pub struct SourceText<'a> {
    /// Its name.
    pub name: &'a str,
    /// The row type that `row:` names.
    pub row: Option<At<'a, &'a str>>,
    /// The field of `order: { by }`.
    pub order_by: Option<At<'a, &'a str>>,
    /// The field of `event_time`.
    pub event_time: Option<At<'a, &'a str>>,
}

/// A connector as its document says it.
#[derive(Clone, Copy, Debug)]
pub struct ConnText<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its kind, the word after `type:`.
    pub kind: &'a str,
}

/// A flow with the functions of its steps, in their order.
#[derive(Clone, Copy, Debug)]
pub struct FlowFacts<'a> {
    /// What the files say.
    pub text: FlowText<'a>,
    /// The functions that any flow names.
    pub all_functions: &'a [&'a FunctionInfo],
    /// The functions, one for each step.
    pub functions: &'a [&'a FunctionInfo],
    /// The row types that `row:` of its sources name, one for each source.
    pub rows: &'a [Option<&'a crate::row::Shape>],
    /// The connectors that documents declare.
    pub conns: &'a [ConnText<'a>],
}

/// A problem that was found, and where.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Where.
    pub place: &'a str,
    /// What.
    pub msg: Msg,
}

/// Stops the build when something was found.
///
/// # Panics
/// If something was found; in a `const` this is a build error.
#[track_caller]
pub const fn refuse(found: Option<Found<'_>>) {
    if let Some(found) = found {
        found.msg.panic_at(found.place);
    }
}

/// Finds the problem with a given number among all that are offered.
#[derive(Clone, Copy)]
pub(super) struct Finder<'a> {
    skip: usize,
    pub(super) found: Option<Found<'a>>,
}

impl<'a> Finder<'a> {
    pub(super) const fn new(nth: usize) -> Finder<'a> {
        Finder {
            skip: nth,
            found: None,
        }
    }

    pub(super) const fn offer(mut self, place: &'a str, msg: Option<Msg>) -> Finder<'a> {
        if let Some(msg) = msg
            && self.found.is_none()
        {
            if self.skip == 0 {
                self.found = Some(Found { place, msg });
            } else {
                self.skip -= 1;
            }
        }
        self
    }
}
