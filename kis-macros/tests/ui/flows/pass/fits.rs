// Files that fit; a flow that is off is not judged.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./fits/", functions = [functions]);

fn main() {
    assert_eq!(FLOWS.functions.len(), 4);
}
