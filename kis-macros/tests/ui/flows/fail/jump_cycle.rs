// Jumps back are bounded.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./jump_cycle/", functions = crate::functions);

fn main() {}
