//! What a step can tell its flow: abort, reuse, force-next and jump, each in a small flow of its own.
#![expect(clippy::print_stdout, reason = "the steps say what they do")]

use kis_core::prelude::*;

pub mod functions;

/// The flows of the folder `conf`, checked while compiling.
pub const FLOWS: FlowSet = flows!("src/bin/actions/conf", functions = crate::functions);

fn main() -> ExitCode {
    kis_core::main(FLOWS)
}
