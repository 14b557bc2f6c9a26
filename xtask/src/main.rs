//! The commands of this workspace: `cargo xtask <command>`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal"
)]

mod flags;

mod bench;
mod check;
mod ci;
mod faults;
mod fuzz;
mod tidy;
mod ui;

mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::flags::{Command, Flags};

fn main() -> ExitCode {
    let done = match Flags::parse().command {
        Command::Ci(flags) => ci::run(&flags),
        Command::Tidy => tidy::run(),
        Command::Bench(flags) => bench::run(&flags),
        Command::Ui(flags) => ui::run(&flags),
        Command::Faults(flags) => faults::run(&flags),
        Command::Fuzz(flags) => fuzz::run(&flags),
        Command::Check(flags) => check::run(&flags),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
