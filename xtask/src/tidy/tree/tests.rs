//! What is read, and what is not.

use std::fs;

use super::Tree;

#[test]
fn texts_are_read_and_build_output_is_not() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, bytes: &[u8]| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    write("b/src/lib.rs", b"//! B.\n");
    write("a.md", "# \u{4f60}\n".as_bytes());
    write("target/debug/x.rs", b"x");
    write("b/kis-data/x.txt", b"x");
    write(".git/config", b"x");
    write("data.gz", &[0x1f, 0x8b, 0xff]);

    let tree = Tree::read(root.path()).unwrap();
    let paths: Vec<_> = tree.files().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a.md", "b/src/lib.rs"]);
    assert_eq!(tree.get("b/src/lib.rs"), Some("//! B.\n"));
    assert_eq!(tree.rust().count(), 1);
}

#[test]
fn a_missing_root_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    assert!(Tree::read(&root.path().join("nowhere")).is_err());
}

#[test]
fn folders_are_the_direct_ones() {
    let tree = Tree::of(&[
        ("bin/a/main.rs", ""),
        ("bin/a/conf/x.yml", ""),
        ("bin/b/main.rs", ""),
        ("bin/c.rs", ""),
        ("x/d/e", ""),
    ]);
    assert_eq!(tree.folders("bin"), ["a", "b"]);
}
