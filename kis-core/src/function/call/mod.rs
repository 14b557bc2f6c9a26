//! The shims' other half: what runs a typed function on an erased batch. The expansion only fetches arguments.

mod awaited;
mod batch;
mod keyed;
mod keys;
mod rows;

pub(crate) use self::keys::key_of;
pub use self::{
    awaited::{InOrder, RowRun, RowState, Window, caught, view, view_any, view_keyed, view_rows, view_state},
    batch::{batch_any, batch_copy, batch_done, batch_own, batch_ref, batch_ref_state},
    keyed::Lent,
    rows::{rows_own, rows_own_state, rows_ref, rows_ref_state},
};

#[cfg(panic = "abort")]
compile_error!(
    "kis_core needs panics that unwind: with panic = \"abort\" one row that panics would take all others with it; \
     remove panic = \"abort\" from the profile"
);

pub use super::place::begins;
use super::{Ctx, Verdict};
use crate::{error::Error, state::State};

/// The engine gave no state, or one of another type.
fn wrong_state<S: State>(cx: &Ctx) -> Verdict {
    let state = std::any::type_name::<S>();
    Verdict::Failed(Error::fatal(format!(
        "bug in kis: step {} was called without its state {state}",
        cx.step()
    )))
}
