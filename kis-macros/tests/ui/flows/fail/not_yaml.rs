// A file is YAML.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./not_yaml/", functions = crate::functions);

fn main() {}
