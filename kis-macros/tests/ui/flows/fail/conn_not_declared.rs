// A connector that is not an embedded table is declared.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./conn_not_declared/", functions = crate::functions);

fn main() {}
