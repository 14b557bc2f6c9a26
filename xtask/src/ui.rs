//! `cargo xtask ui`: the UI tests of the macros, what the compiler says to each mistake.

use std::process::ExitCode;

use anyhow::Result;
use xshell::cmd;

use crate::flags::UiFlags;
use crate::workspace;

pub(crate) fn run(flags: &UiFlags) -> Result<ExitCode> {
    let sh = workspace::shell()?;
    let tests = cmd!(sh, "cargo test -p kis-macros --test * ui");
    let tests = if flags.bless {
        tests.env("TRYBUILD", "overwrite")
    } else {
        tests
    };
    tests.run()?;
    if flags.bless {
        println!("read the change before you commit it: git diff -- '*.stderr'");
    }
    Ok(ExitCode::SUCCESS)
}
