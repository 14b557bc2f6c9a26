// No step stands behind one that hands on nothing.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./nothing_handed_on/", functions = crate::functions);

fn main() {}
