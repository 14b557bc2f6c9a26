//! What a file of functions needs: `use kis_core::prelude::*;`.

pub use kis_macros::{FieldValue, KisError, connector, flows, kis_function};

pub use crate::{
    conn::{Connector, Table},
    error::{Error, Result},
    flow::FlowSet,
    function::{Cache, Conn, Ctx, Ext, FromContext, Keyed, Meta, Outcome, Params},
    row::{Row, Rows},
    state::State,
};
pub use kis_macros::{Params, Row, State};
