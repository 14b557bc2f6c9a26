// The folder is there.

use kis_core::prelude::*;

pub const FLOWS: FlowSet = flows!("./no_such_folder/", functions = crate);

fn main() {}
