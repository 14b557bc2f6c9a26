// A param is one that the function takes.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./param_unknown/", functions = crate::functions);

fn main() {}
