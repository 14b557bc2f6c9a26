// A func file says the mode that the attribute says.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./mode_differs/", functions = crate::functions);

fn main() {}
