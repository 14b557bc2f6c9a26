//! One flow saves what another loads: KisFlow's example of a connector.
#![expect(clippy::print_stdout, reason = "the averages go to the standard output")]

use kis_core::prelude::*;

pub mod functions;

/// The flows of the folder `conf`, checked while compiling.
pub const FLOWS: FlowSet = flows!("src/bin/merge_two_flows/conf", functions = crate::functions);

fn main() -> ExitCode {
    kis_core::main(FLOWS)
}
