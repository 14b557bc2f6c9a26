//! What the command line accepts.

use clap::{CommandFactory, Parser};

use super::{Command, Flags};

#[test]
fn the_command_line_is_consistent() {
    Flags::command().debug_assert();
}

#[test]
fn the_steps_of_ci_are_known_words() {
    let flags = Flags::try_parse_from(["cargo xtask", "ci", "fmt", "tidy"]).unwrap();
    let Command::Ci(ci) = flags.command else {
        panic!("not ci: {flags:?}")
    };
    assert_eq!(ci.steps, ["fmt", "tidy"]);

    let error = Flags::try_parse_from(["cargo xtask", "ci", "fnt"])
        .unwrap_err()
        .to_string();
    assert!(error.contains("fmt"), "no similar word in: {error}");
}

#[test]
fn what_follows_two_dashes_is_for_the_bench_program() {
    let flags = Flags::try_parse_from(["cargo xtask", "bench", "--", "--rows", "1000"]).unwrap();
    let Command::Bench(bench) = flags.command else {
        panic!("not bench: {flags:?}")
    };
    assert_eq!(bench.args, ["--rows", "1000"]);
}
