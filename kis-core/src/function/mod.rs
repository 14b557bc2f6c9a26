//! Functions: what is known of one, what it may take and return, and how it runs on a batch.

mod args;
mod batch_return;
mod cache;
#[doc(hidden)]
pub mod call;
mod context;
mod hold;
mod info;
mod job;
mod keyed;
mod meta;
mod outcome;
mod place;
mod results;
mod row_return;
mod traced;
mod variants;

#[cfg(test)]
mod tests;

pub(crate) use self::place::Missing;
pub use self::{
    args::{Conn, Ext, FromContext, Params},
    batch_return::BatchReturn,
    cache::Cache,
    context::{Ctx, CtxBuilder, Exts},
    hold::Hold,
    info::{ArgNeed, Call, Facts, FunctionInfo, HandsOn, LaterFn, Need, ReadParams, Takes},
    job::{Action, Job, JumpTo, StateJob, Verdict},
    keyed::Keyed,
    meta::{Meta, MetaMap},
    outcome::Outcome,
    place::Place,
    row_return::{ByRef, ByVal, RowReturn},
    traced::Traced,
    variants::{AnyError, VariantsOf},
};

use crate::{
    row::Row,
    state::{State, StateInfo},
};

/// A function with `#[kis_function]`, as a type. The attribute writes it on a hidden struct with the function's name,
/// so that `Outcome::jump::<functions::f>()` and `flow.link::<functions::f>(..)` can name it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a flow function",
    label = "not a flow function",
    note = "add `#[kis_function(mode = \"..\")]` to the function"
)]
pub trait Function: 'static {
    /// The row type that it takes.
    type In: Row;
    /// The name that YAML uses.
    const NAME: &'static str;
    /// Everything that is known of it.
    const INFO: FunctionInfo;
}

/// A function that keeps state.
#[doc(hidden)]
pub trait StateFn: Function {
    /// Its state.
    type State: State;
    /// What is known of it, kept by the key that rows carry.
    const STATE: StateInfo = StateInfo::of::<Self::State>(None);
}

/// A function that is called row at a time.
pub trait RowFn<By>: Function {
    /// What it returns.
    type Ret: RowReturn<By>;
}

/// A function that is called batch at a time.
pub trait BatchFn<By>: Function {
    /// What it returns.
    type Ret: BatchReturn<By>;
}
