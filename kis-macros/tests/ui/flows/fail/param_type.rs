// A param has its type.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./param_type/", functions = crate::functions);

fn main() {}
