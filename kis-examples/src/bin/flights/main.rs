//! The flights of New York, from a CSV file through annotated functions into a ranking of the carriers.
#![expect(clippy::print_stdout, reason = "the ranking goes to the standard output")]

use kis_core::prelude::*;

pub mod functions;
pub mod rows;

/// The flows of the folder `conf`, checked while compiling.
pub const FLOWS: FlowSet = flows!("src/bin/flights/conf", functions = crate::functions);

fn main() -> ExitCode {
    kis_core::main(FLOWS)
}
