//! Where README and examples part.

use super::super::tests::find;
use super::{RUNNER, agrees_with_the_examples};

const README: &str = "# A\n\n```sh\ncargo run --bin a -- run\n```\n\n```sh\ncargo xtask ci\n```\n\n[b](kis-examples/src/bin/b)\n";
const PAGE: &str = "# B\n\n```sh\ncargo run --bin b\n```\n";

const GOOD: &[(&str, &str)] = &[
    ("README.md", README),
    (RUNNER, ""),
    ("kis-examples/src/bin/a/README.md", PAGE),
    ("kis-examples/src/bin/b/README.md", PAGE),
    ("kis-examples/src/bin/bench/main.rs", ""),
];

fn check(change: impl Fn(&mut Vec<(&'static str, &'static str)>), expect: &[&str]) {
    let mut files = GOOD.to_vec();
    change(&mut files);
    find(agrees_with_the_examples, &files, expect);
}

#[test]
fn agreement_is_silent() {
    check(|_| {}, &[]);
}

#[test]
fn an_example_that_is_named_must_exist() {
    check(
        |files| files.retain(|(path, _)| !path.contains("/b/")),
        &["README.md:11: there is no example b in kis-examples/src/bin"],
    );
}

#[test]
fn an_example_that_exists_must_be_named_and_shown() {
    check(
        |files| files.push(("kis-examples/src/bin/c/main.rs", "")),
        &[
            "README.md:1: the example c is not named; link kis-examples/src/bin/c",
            "kis-examples/src/bin/c/README.md:1: the example c needs a README with a `sh` block that runs it",
        ],
    );
}

#[test]
fn the_readmes_must_be_run_by_a_test() {
    let expect = format!("{RUNNER}:1: no test runs the `sh` blocks of the READMEs");
    check(|files| files.retain(|(path, _)| *path != RUNNER), &[&expect]);
}

#[test]
fn two_blocks_are_needed() {
    check(
        |files| files[0].1 = "# A\n\n```sh\ncargo run --bin a\n```\n[b](kis-examples/src/bin/b)\n",
        &["README.md:1: two `sh` blocks are needed: the first runs the main job, the second the tests"],
    );
    check(
        |files| files.retain(|(path, _)| *path != "README.md"),
        &["README.md:1: there is no README"],
    );
}
