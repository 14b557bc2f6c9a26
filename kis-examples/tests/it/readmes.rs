//! Every `sh` block of the READMEs runs, and prints what the `text` block behind it shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::page::{Block, blocks, is_shown, root};

/// `cargo run --bin NAME -- ARGS` in a README means the program that this test was built with.
const CARGO: &str = r#"
cargo() {
    local name=
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        if [ "$1" = --bin ]; then name=$2; shift; fi
        shift
    done
    if [ -z "$name" ]; then echo "a README's cargo command must name its --bin" >&2; return 2; fi
    if [ $# -gt 0 ]; then shift; fi
    "$BINS/$name" "$@"
}
"#;

#[test]
fn the_main_job_runs() {
    let blocks = blocks(&fs::read_to_string(root().join("README.md")).unwrap());
    let first = blocks.iter().position(|block| block.language == "sh").unwrap();
    // What follows the first command is the test run itself.
    let shown = blocks[first + 1..]
        .iter()
        .take_while(|block| block.language == "text")
        .count();
    run_blocks("README.md", &blocks[first..=first + shown]);
}

#[test]
fn every_example_runs() {
    let bin = root().join("kis-examples/src/bin");
    let mut pages: Vec<PathBuf> = fs::read_dir(bin)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("README.md"))
        .filter(|page| page.is_file())
        .collect();
    pages.sort();
    for page in pages {
        run_blocks(
            &page.display().to_string(),
            &blocks(&fs::read_to_string(&page).unwrap()),
        );
    }
}

/// One after the other, in a new folder that sees the examples' files under their usual names.
fn run_blocks(page: &str, blocks: &[Block]) {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root().join("kis-examples"), dir.path().join("kis-examples")).unwrap();
    for (at, block) in blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| block.language == "sh")
    {
        let output = run(&block.text, dir.path());
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let ran = format!(
            "{page}:\n{}\n--- stdout\n{stdout}\n--- stderr\n{stderr}",
            block.text
        );
        assert!(output.status.success(), "{ran}\n{}", output.status);
        if let Some(shown) = blocks.get(at + 1).filter(|next| next.language == "text") {
            assert!(
                is_shown(&shown.text, &stdout),
                "{ran}\n--- the page shows\n{}",
                shown.text
            );
        }
    }
}

fn run(script: &str, dir: &Path) -> Output {
    let bins = std::env::current_exe()
        .unwrap()
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .to_path_buf();
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", &format!("{CARGO}{script}")])
        .env("BINS", bins)
        .current_dir(dir)
        .output()
        .unwrap()
}

#[test]
fn cargo_run_means_the_built_program() {
    let dir = tempfile::tempdir().unwrap();
    let bins = dir.path().join("bins");
    fs::create_dir(&bins).unwrap();
    fs::copy("/bin/echo", bins.join("hello")).unwrap();
    let check = |script: &str, expect: Option<&str>| {
        let script = format!("BINS={}\n{script}", bins.display());
        let output = run(&script, dir.path());
        assert_eq!(output.status.success(), expect.is_some(), "{script}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim_end(),
            expect.unwrap_or_default()
        );
    };
    check(
        "cargo run --release -p kis-examples --bin hello -- run --fresh",
        Some("run --fresh"),
    );
    check("cargo run --bin hello", Some(""));
    check("cargo test", None);
    check("false\ntrue", None);
}
