// A Save or Load step has a connector.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./conn_missing/", functions = crate::functions);

fn main() {}
