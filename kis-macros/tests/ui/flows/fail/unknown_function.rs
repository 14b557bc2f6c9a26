// Every fname is a function.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./unknown_function/", functions = crate::functions);

fn main() {}
