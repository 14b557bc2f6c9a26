// The macro takes a folder and where the functions are.

use kis_core::prelude::*;

pub const NO_FOLDER: FlowSet = flows!(functions = crate);
pub const NO_HOME: FlowSet = flows!("./conf/");
pub const UNKNOWN: FlowSet = flows!("./conf/", function = crate);

fn main() {}
