//! What a file of functions needs: `use kis_core::prelude::*;`.

pub use crate::{
    error::{Error, Result},
    function::{Cache, Conn, Ctx, Ext, FromContext, Keyed, Meta, Outcome, Params},
    row::{Row, Rows},
    state::State,
};
