//! Where the workspace is, and what cargo says about it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

/// The folder of the root manifest.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A shell that stands in the root folder.
pub(crate) fn shell() -> Result<Shell> {
    let sh = Shell::new()?;
    sh.change_dir(root());
    Ok(sh)
}

/// One crate of the workspace, as `cargo metadata` tells it.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) features: Vec<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Used by tests only.
    pub(crate) dev: bool,
    pub(crate) optional: bool,
}

/// The crates of the workspace.
pub(crate) fn packages(sh: &Shell) -> Result<Vec<Package>> {
    let text = cmd!(sh, "cargo metadata --no-deps --format-version 1")
        .quiet()
        .read()?;
    read_packages(&text).context("the answer of `cargo metadata` has another shape than expected")
}

fn read_packages(text: &str) -> Result<Vec<Package>> {
    let answer: Value = serde_json::from_str(text)?;
    items(&answer, "packages")?.iter().map(read_package).collect()
}

fn read_package(package: &Value) -> Result<Package> {
    let features = package["features"].as_object().context("no features")?;
    let dependencies = items(package, "dependencies")?
        .iter()
        .map(|dependency| {
            Ok(Dependency {
                name: word(dependency, "name")?,
                dev: dependency["kind"] == "dev",
                optional: dependency["optional"] == true,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Package {
        name: word(package, "name")?,
        features: features.keys().cloned().collect(),
        dependencies,
    })
}

fn items<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value[key].as_array().with_context(|| format!("no list {key}"))
}

fn word(value: &Value, key: &str) -> Result<String> {
    Ok(value[key]
        .as_str()
        .with_context(|| format!("no text {key}"))?
        .to_owned())
}

#[cfg(test)]
mod tests;
