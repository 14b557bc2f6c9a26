//! Packages as a user has them, made by a test and given to cargo.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::page::root;

/// A package: its name, and its files beside `Cargo.toml`.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) files: Vec<(PathBuf, String)>,
}

/// Writes the packages as one workspace in a folder of the build.
pub(crate) fn write(workspace: &str, packages: &[Package]) -> io::Result<PathBuf> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(workspace);
    let members: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    write_file(
        &dir.join("Cargo.toml"),
        &format!(
            "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[profile.dev]\ndebug = \"line-tables-only\"\n"
        ),
    )?;
    // The same versions as here, so that nothing is looked up.
    write_file(
        &dir.join("Cargo.lock"),
        &fs::read_to_string(root().join("Cargo.lock"))?,
    )?;
    let core = root().join("kis-core");
    for package in packages {
        let manifest = format!(
            "[package]\nname = {:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nkis-core = {{ path = {core:?} }}\n",
            package.name
        );
        let home = dir.join(&package.name);
        write_file(&home.join("Cargo.toml"), &manifest)?;
        for (path, text) in &package.files {
            write_file(&home.join(path), text)?;
        }
    }
    Ok(dir)
}

/// Runs cargo over a workspace. What is built is shared with the build that runs this test.
pub(crate) fn cargo(workspace: &Path, args: &[&str]) -> io::Result<Output> {
    Command::new(env!("CARGO"))
        .args(args)
        .args(["--offline", "--target-dir"])
        .arg(target())
        .current_dir(workspace)
        .output()
}

/// The folder of the build that runs this test.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// What the compiler says to each package: its errors, as it prints them.
pub(crate) fn errors(workspace: &Path) -> BTreeMap<String, String> {
    let output = cargo(
        workspace,
        &["check", "--workspace", "--keep-going", "--message-format", "json"],
    )
    .unwrap();
    let mut errors: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let (Some(package), Some(rendered)) = (
            message["target"]["name"].as_str(),
            message["message"]["rendered"].as_str(),
        ) else {
            continue;
        };
        if message["message"]["level"] == "error" && !rendered.starts_with("error: aborting") {
            let rendered = rendered.replace(&format!("{package}/src/"), "src/");
            *errors.entry(package.to_owned()).or_default() += &rendered;
        }
    }
    assert!(
        !errors.is_empty() || output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    errors
}

/// Leaves a file alone that holds the text already, so that cargo does not build it again.
fn write_file(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
