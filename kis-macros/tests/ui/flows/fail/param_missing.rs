// A param without a default is given.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./param_missing/", functions = crate::functions);

fn main() {}
