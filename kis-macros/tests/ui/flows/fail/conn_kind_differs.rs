// A connector is of the kind that the function takes.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./conn_kind_differs/", functions = crate::functions);

fn main() {}
