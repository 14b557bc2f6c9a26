// A jump goes to a step of the flow.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./jump_to_unknown/", functions = crate::functions);

fn main() {}
