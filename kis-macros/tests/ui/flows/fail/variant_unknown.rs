// An error that `by_variant` names is one of a step's function.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./variant_unknown/", functions = crate::functions);

fn main() {}
