//! The program of `cargo xtask faults`: functions, connectors and a source that misbehave as the configuration says.

use kis_core::prelude::*;

pub mod conns;
pub mod counting;
pub mod saving;
pub mod spool;
pub mod trouble;

/// Each test writes its own configuration and names it with `--conf`.
fn main() -> ExitCode {
    kis_core::main(FlowSet::empty())
}
