// The folder is relative, so that the package builds anywhere.

use kis_core::prelude::*;

pub const FLOWS: FlowSet = flows!("/etc/conf/", functions = crate);

fn main() {}
