//! What a file of functions needs: `use kis_core::prelude::*;`.

pub use kis_macros::{FieldValue, KisError, connector, flows, kis_function};

pub use crate::{
    cli::App,
    conn::{Connector, FileSink, Stdout, Table},
    error::{Error, Result},
    flow::FlowSet,
    function::{Cache, Conn, Ctx, Ext, FromContext, Keyed, Meta, Outcome, Params, Traced},
    row::{Row, Rows},
    state::State,
};
pub use jiff::Timestamp;
pub use kis_macros::{Params, Row, State};
pub use std::process::ExitCode;
