//! Which targets are found and chosen.

use std::fs;

use super::{Target, chosen, targets};

fn tree(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    root
}

#[test]
fn targets_are_the_rust_files_of_the_fuzz_folders() {
    let root = tree(&[
        "b/fuzz/fuzz_targets/decode.rs",
        "a/fuzz/fuzz_targets/read.rs",
        "a/fuzz/fuzz_targets/notes.txt",
        "a/fuzz/Cargo.toml",
        "c/src/lib.rs",
    ]);
    let found = targets(root.path()).unwrap();
    let dir = |name: &str| root.path().join(name).join("fuzz");
    assert_eq!(
        found,
        [
            Target {
                name: "decode".to_owned(),
                dir: dir("b")
            },
            Target {
                name: "read".to_owned(),
                dir: dir("a")
            },
        ]
    );
}

#[test]
fn an_unknown_target_is_answered_with_the_known_ones() {
    let root = tree(&["a/fuzz/fuzz_targets/read.rs"]);
    let found = || targets(root.path()).unwrap();
    assert_eq!(chosen(found(), Some("read")).unwrap(), found());
    assert_eq!(chosen(found(), None).unwrap(), found());
    let error = chosen(found(), Some("raed")).unwrap_err().to_string();
    assert_eq!(error, "no fuzz target raed; known are read");
}

#[test]
fn a_workspace_without_targets_says_so() {
    assert_eq!(
        chosen(Vec::new(), None).unwrap_err().to_string(),
        "no fuzz target in the workspace"
    );
}
