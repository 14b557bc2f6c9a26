//! KIS flow.

// So that the macros' paths hold in this crate too.
#[cfg(test)]
extern crate self as kis_core;

pub use jiff;
pub use kis_conn as conn;
pub use kis_macros::{connector, flows, kis_function};

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod cli;
pub mod engine;
pub mod error;
pub mod flow;
pub mod function;
pub mod graph;
pub mod link;
pub mod observe;
pub mod prelude;
pub mod program;
pub mod registry;
pub mod row;
pub mod state;

pub use cli::{App, main};
pub use error::{Error, Result};
pub use flow::FlowSet;
pub use function::Cache;
