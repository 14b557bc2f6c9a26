// A folder holds at least one file.

use kis_core::prelude::*;

pub const FLOWS: FlowSet = flows!("./empty_folder/", functions = crate);

fn main() {}
