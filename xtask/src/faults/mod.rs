//! `cargo xtask faults`: the faults that a process must survive, and whether their tests notice broken code.

mod mutate;
mod mutations;

use std::process::ExitCode;

use anyhow::Result;
use xshell::{Cmd, Shell, cmd};

use crate::flags::FaultsFlags;
use crate::workspace;

/// Read by the tests: `counts` for many faults, `times` for long ones as well; else they are few and short.
const LONG: &str = "KIS_FAULTS_LONG";

/// Read by the tests: the seed of random moments.
const SEED: &str = "KIS_FAULTS_SEED";

/// Read by the tests: for how many seconds they wait for something.
const PATIENCE: &str = "KIS_FAULTS_PATIENCE";

pub(crate) fn run(flags: &FaultsFlags) -> Result<ExitCode> {
    let sh = workspace::shell()?;
    let long = if flags.long { "times" } else { "counts" };
    sh.set_var(LONG, long);
    if let Some(seed) = flags.seed {
        sh.set_var(SEED, seed.to_string());
    }
    if flags.mutations {
        return mutate::run(&sh, &flags.names);
    }
    tests(&sh, &flags.names).run()?;
    Ok(ExitCode::SUCCESS)
}

/// The tests with one of these in their name; all without any. They are built with the features that the other tests of the workspace are built
/// with, so that nothing is compiled twice.
pub(crate) fn tests<'a>(sh: &'a Shell, names: &[String]) -> Cmd<'a> {
    cmd!(
        sh,
        "cargo test --locked --workspace --features kis-examples/faults --test faults --no-fail-fast -- {names...}"
    )
}
