// The params of a connector are those of its kind.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./conn_param/", functions = crate::functions);

fn main() {}
