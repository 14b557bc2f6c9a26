//! Versions, lints and licence are said once, in the root.

use super::{Findings, Workspace};

/// What every crate takes from the root.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

const LICENCE: &str = "license = \"MIT OR Apache-2.0\"";

pub(super) fn take_from_the_root(workspace: &Workspace, findings: &mut Findings) {
    for package in &workspace.packages {
        let path = format!("{}/Cargo.toml", package.name);
        match workspace.tree.get(&path) {
            Some(text) => check_manifest(&path, text, findings),
            None => findings.push(&path, 1, "a crate stands in the top-level folder of its own name"),
        }
    }
}

fn check_manifest(path: &str, text: &str, findings: &mut Findings) {
    for key in INHERITED {
        if !text.lines().any(|line| line == format!("{key}.workspace = true")) {
            findings.push(
                path,
                1,
                format!("{key} must come from the root: {key}.workspace = true"),
            );
        }
    }
    if !text.contains("[lints]\nworkspace = true\n") {
        findings.push(
            path,
            1,
            "the lints must come from the root: [lints] workspace = true",
        );
    }
    let mut in_dependencies = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(section) = line.strip_prefix('[') {
            in_dependencies = section.trim_end_matches(']').ends_with("dependencies");
        } else if in_dependencies && !line.is_empty() && !is_inherited(line) {
            let name = line.split(['=', '.', ' ']).next().unwrap_or(line);
            let message = format!("the version of {name} belongs into the root: {name}.workspace = true");
            findings.push(path, index + 1, message);
        }
    }
}

fn is_inherited(line: &str) -> bool {
    line.replace(' ', "").contains("workspace=true")
}

pub(super) fn licences_are_here(workspace: &Workspace, findings: &mut Findings) {
    for (path, title) in [
        ("LICENSE-MIT", "Permission is hereby granted"),
        ("LICENSE-APACHE", "Apache License"),
    ] {
        if !workspace.tree.get(path).is_some_and(|text| text.contains(title)) {
            findings.push(path, 1, "the licence text is missing");
        }
    }
    if !workspace
        .tree
        .get("Cargo.toml")
        .is_some_and(|text| text.contains(LICENCE))
    {
        findings.push("Cargo.toml", 1, format!("[workspace.package] must say {LICENCE}"));
    }
}

#[cfg(test)]
mod tests;
