//! What is said about a folder.

use std::fs;

use super::judge;

const FLOW: &str = "kistype: flow\nstatus: 1\nflow_name: scores\nflows:\n  - fname: verify\n";

/// Judges a folder `conf` of these files.
fn check(files: &[(&str, &str)], usable: bool, expect: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let conf = dir.path().join("conf");
    fs::create_dir(&conf).unwrap();
    for (name, text) in files {
        fs::write(conf.join(name), text).unwrap();
    }
    let verdict = judge(&conf);
    for part in expect {
        assert!(verdict.text.contains(part), "no {part:?} in\n{}", verdict.text);
    }
    assert_eq!(verdict.usable, usable, "{}", verdict.text);
}

#[test]
fn a_good_folder_is_counted() {
    check(
        &[("flow.yml", FLOW)],
        true,
        &["conf: 1 file, 1 flow, 0 connectors"],
    );
}

#[test]
fn functions_and_the_environment_are_left_open() {
    let conn = "---\nkistype: conn\ncname: c\ntype: table\nkey: ${env:NOT_SET_ON_ANY_MACHINE}\n";
    check(
        &[("flow.yml", &format!("{FLOW}{conn}"))],
        true,
        &["1 flow, 1 connector"],
    );
}

#[test]
fn all_mistakes_are_told_with_place_and_code() {
    let keys = FLOW.replace("status", "staus").replace("fname", "fnam");
    check(
        &[("flow.yml", &keys), ("other.yml", "kistype: flwo\n")],
        false,
        &[
            "conf/flow.yml:2:1",
            "KIS0004",
            "status",
            "conf/flow.yml:5:5",
            "conf/other.yml:1:10",
            "KIS0003",
            "flow",
        ],
    );
}

#[test]
fn mistakes_between_documents_are_told() {
    check(
        &[("a.yml", FLOW), ("b.yml", FLOW)],
        false,
        &["KIS0116", "conf/a.yml:3", "conf/b.yml:3"],
    );
}

#[test]
fn a_missing_folder_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let verdict = judge(&dir.path().join("conf"));
    assert!(verdict.text.contains("KIS0010"), "{}", verdict.text);
    assert!(!verdict.usable);
}
