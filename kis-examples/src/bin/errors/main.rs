//! A program without a mistake. The folder `gallery` holds configurations that do not fit it.
#![expect(clippy::print_stdout, reason = "the averages go to the standard output")]

use kis_core::prelude::*;

pub mod functions;

/// The flows of the folder `conf`, checked while compiling.
pub const FLOWS: FlowSet = flows!("src/bin/errors/conf", functions = crate::functions);

fn main() -> ExitCode {
    kis_core::main(FLOWS)
}
