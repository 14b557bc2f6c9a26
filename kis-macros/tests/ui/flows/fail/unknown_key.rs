// Unknown keys are refused.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./unknown_key/", functions = crate::functions);

fn main() {}
