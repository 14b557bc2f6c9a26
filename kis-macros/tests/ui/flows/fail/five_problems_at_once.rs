// All mistakes are reported at once, each with its place.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./five_problems_at_once/", functions = crate::functions);

fn main() {}
