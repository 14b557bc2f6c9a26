// row: names a type that a function takes or hands on.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./row_unknown/", functions = crate::functions);

fn main() {}
