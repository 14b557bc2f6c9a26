//! `cargo xtask fuzz`: runs each fuzz target of the workspace for a while.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use xshell::{Shell, cmd};

use crate::flags::FuzzFlags;
use crate::workspace;

/// libFuzzer needs unstable compiler flags; with this the pinned stable compiler accepts them.
pub(crate) const UNSTABLE: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");

/// One target: its name and the folder of its crate.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
}

pub(crate) fn run(flags: &FuzzFlags) -> Result<ExitCode> {
    let sh = workspace::shell()?;
    if !is_installed(&sh) {
        bail!("cargo-fuzz is not installed; `cargo install --locked cargo-fuzz@0.13.2` brings it");
    }
    let (seconds, (key, value)) = (flags.seconds.to_string(), UNSTABLE);
    for Target { name, dir } in chosen(targets(&workspace::root())?, flags.target.as_deref())? {
        let run = cmd!(
            sh,
            "cargo fuzz run --fuzz-dir {dir} {name} -- -max_total_time={seconds}"
        );
        run.env(key, value).run()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether `cargo fuzz` can be run here.
pub(crate) fn is_installed(sh: &Shell) -> bool {
    cmd!(sh, "cargo fuzz --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
}

/// Every `CRATE/fuzz/fuzz_targets/NAME.rs` below `root`.
pub(crate) fn targets(root: &Path) -> Result<Vec<Target>> {
    let mut found = Vec::new();
    for member in std::fs::read_dir(root)? {
        let dir = member?.path().join("fuzz");
        let sources = dir.join("fuzz_targets");
        if !sources.is_dir() {
            continue;
        }
        for source in std::fs::read_dir(sources)? {
            let path = source?.path();
            if path.extension().is_some_and(|extension| extension == "rs")
                && let Some(name) = path.file_stem()
            {
                found.push(Target {
                    name: name.to_string_lossy().into_owned(),
                    dir: dir.clone(),
                });
            }
        }
    }
    found.sort();
    Ok(found)
}

fn chosen(targets: Vec<Target>, only: Option<&str>) -> Result<Vec<Target>> {
    let known: Vec<_> = targets.iter().map(|target| target.name.clone()).collect();
    let chosen: Vec<_> = targets
        .into_iter()
        .filter(|target| only.is_none_or(|name| target.name == name))
        .collect();
    match only {
        _ if !chosen.is_empty() => Ok(chosen),
        Some(name) => bail!("no fuzz target {name}; known are {}", known.join(", ")),
        None => bail!("no fuzz target in the workspace"),
    }
}

#[cfg(test)]
mod tests;
