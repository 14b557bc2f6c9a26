// A field has the same kind in both steps.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./link_field_kind/", functions = crate::functions);

fn main() {}
