// A table that is loaded is saved somewhere.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./table_never_saved/", functions = crate::functions);

fn main() {}
