//! Every `sh` block of the READMEs runs, and prints what the `text` block behind it shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::page::{Block, blocks, is_shown, root};

/// `cargo run --bin NAME -- ARGS` on a page means the program that this test was built with; without `--bin` it is the
/// program of the page.
const CARGO: &str = r#"
cargo() {
    local program=${PROGRAM-}
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        if [ "$1" = --bin ]; then program=$BINS/$2; shift; fi
        shift
    done
    if [ -z "$program" ]; then echo "a page without a program must name the --bin of its cargo command" >&2; return 2; fi
    if [ $# -gt 0 ]; then shift; fi
    "$program" "$@"
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
    run_blocks("README.md", &blocks[first..=first + shown], None);
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
            None,
        );
    }
}

/// One after the other, in a new folder that has the page's files, and the examples' under their usual names.
pub(crate) fn run_blocks(page: &str, blocks: &[Block], program: Option<&Path>) {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root().join("kis-examples"), dir.path().join("kis-examples")).unwrap();
    for block in blocks {
        if let Some(file) = block.file.as_ref().map(|file| dir.path().join(file)) {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, &block.text).unwrap();
        }
    }
    for (at, block) in blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| block.language == "sh")
    {
        let output = run(&block.text, dir.path(), program);
        let mut stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if let Some(package) = program.and_then(Path::file_name) {
            // A reader's package is a workspace of its own.
            stdout = stdout.replace(&format!("{}/src/", package.display()), "src/");
        }
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

/// Where the programs are that were built with this test.
pub(crate) fn bins() -> PathBuf {
    std::env::current_exe()
        .unwrap()
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .to_path_buf()
}

fn run(script: &str, dir: &Path, program: Option<&Path>) -> Output {
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", &format!("{CARGO}{script}")])
        .env("BINS", bins())
        .envs(program.map(|program| ("PROGRAM", program)))
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
    let of_page = bins.join("hello");
    let check_with = |program: Option<&Path>, script: &str, expect: Option<&str>| {
        let script = format!("BINS={}\n{script}", bins.display());
        let output = run(&script, dir.path(), program);
        assert_eq!(output.status.success(), expect.is_some(), "{script}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim_end(),
            expect.unwrap_or_default()
        );
    };
    let check = |script, expect| check_with(None, script, expect);
    check(
        "cargo run --release -p kis-examples --bin hello -- run --fresh",
        Some("run --fresh"),
    );
    check("cargo run --bin hello", Some(""));
    check("cargo test", None);
    check("cargo run -- run", None);
    check("false\ntrue", None);
    check_with(Some(&of_page), "cargo run -q -- run --fresh", Some("run --fresh"));
}
