// A step hands on the fields that the next one reads.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./link_field_missing/", functions = crate::functions);

fn main() {}
