// A param is in its range.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./param_range/", functions = crate::functions);

fn main() {}
