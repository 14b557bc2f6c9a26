//! KisFlow's first example, and the same job from file to file.
#![expect(clippy::print_stdout, reason = "the averages go to the standard output")]

use kis_core::prelude::*;

pub mod functions;

/// The flows of the folder `conf`, checked while compiling.
pub const FLOWS: FlowSet = flows!("src/bin/student_average/conf", functions = crate::functions);

fn main() -> ExitCode {
    kis_core::main(FLOWS)
}
