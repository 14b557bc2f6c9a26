// A name stands for one flow.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./two_flows_one_name/", functions = crate::functions);

fn main() {}
