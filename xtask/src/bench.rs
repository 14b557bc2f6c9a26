//! `cargo xtask bench`: runs the measurements and writes their table into README.md.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::flags::BenchFlags;
use crate::workspace;

const BEGIN: &str = "<!-- bench: begin -->";
const END: &str = "<!-- bench: end -->";

pub(crate) fn run(flags: &BenchFlags) -> Result<ExitCode> {
    let sh = workspace::shell()?;
    let args = &flags.args;
    let table = cmd!(
        sh,
        "cargo run --release -p kis-examples --features bench --bin bench -- {args...}"
    )
    .read()?;
    println!("{table}");
    if !flags.print {
        let readme = sh.read_file("README.md")?;
        sh.write_file("README.md", replace_between(&readme, BEGIN, END, &table)?)?;
        println!("\nwritten into README.md");
    }
    Ok(ExitCode::SUCCESS)
}

/// `text` with what stands between the two marker lines replaced by `body`.
fn replace_between(text: &str, begin: &str, end: &str, body: &str) -> Result<String> {
    let (head, rest) = text
        .split_once(begin)
        .with_context(|| format!("no {begin} in the text"))?;
    let (_, tail) = rest
        .split_once(end)
        .with_context(|| format!("no {end} behind {begin}"))?;
    if tail.contains(begin) {
        bail!("{begin} stands in the text twice");
    }
    Ok(format!("{head}{begin}\n\n{}\n\n{end}{tail}", body.trim()))
}

#[cfg(test)]
mod tests;
