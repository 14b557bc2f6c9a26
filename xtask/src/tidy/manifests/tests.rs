//! What a manifest may say.

use super::super::Findings;
use super::super::tests::find;
use super::{INHERITED, check_manifest, licences_are_here};

fn check(dependencies: &str, expect: &[&str]) {
    let inherited: String = INHERITED
        .iter()
        .map(|key| format!("{key}.workspace = true\n"))
        .collect();
    let text = format!("[package]\n{inherited}\n[lints]\nworkspace = true\n\n{dependencies}\n");
    let mut findings = Findings::default();
    check_manifest("a/Cargo.toml", &text, &mut findings);
    let found: Vec<_> = findings.0.iter().map(ToString::to_string).collect();
    assert_eq!(found, expect);
}

#[test]
fn dependencies_without_a_version_are_fine() {
    check(
        "[dependencies]\nserde.workspace = true\nb = { workspace = true, optional = true }\n",
        &[],
    );
    check(
        "[dev-dependencies]\n# A comment.\nc.workspace = true\n\n[features]\ndefault = [\"x\"]\n",
        &[],
    );
}

#[test]
fn a_version_or_a_path_of_its_own_is_found() {
    let expect = "a/Cargo.toml:12: the version of serde belongs into the root: serde.workspace = true";
    check("[dependencies]\nserde = \"1\"", &[expect]);
    check("[build-dependencies]\nserde = { path = \"../serde\" }", &[expect]);
    check(
        "[target.'cfg(unix)'.dependencies]\nserde = { version = \"1\" }",
        &[expect],
    );
}

#[test]
fn what_every_crate_inherits_is_demanded() {
    let mut findings = Findings::default();
    check_manifest("a/Cargo.toml", "[package]\nversion = \"1.0.0\"\n", &mut findings);
    assert_eq!(findings.0.len(), INHERITED.len() + 1);
}

#[test]
fn licence_texts_are_demanded() {
    let mit = ("LICENSE-MIT", "Permission is hereby granted");
    let apache = ("LICENSE-APACHE", "Apache License");
    let root = ("Cargo.toml", "license = \"MIT OR Apache-2.0\"");
    find(licences_are_here, &[mit, apache, root], &[]);
    find(
        licences_are_here,
        &[mit, ("LICENSE-APACHE", "")],
        &[
            "Cargo.toml:1: [workspace.package] must say license = \"MIT OR Apache-2.0\"",
            "LICENSE-APACHE:1: the licence text is missing",
        ],
    );
}
