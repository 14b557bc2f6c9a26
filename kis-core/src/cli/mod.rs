//! The command line that every app has: `run`, `check`, `list`, `graph`, `state`, `positions`,
//! `explain`.
//!
//! The configuration is the one that `flows!` built in, or that of `--conf DIR`. `--set NAME=VALUE` gives a value to
//! every `${env:NAME}` of it, over the environment: an app that says `key: ${env:FLIGHTS:-data/january.csv.gz}` is
//! pointed at another file by `run --set FLIGHTS=data/2013.csv.gz`.
//!
//! | variable | meaning |
//! |---|---|
//! | `KIS_LOG`, else `RUST_LOG` | what is logged: `info` (the default), `warn,kis_core=debug` |
//! | `KIS_LOG_FORMAT` | `text` or `json`; with `json` everything on the error stream is a log line |
//! | `NO_COLOR` | no colours |
//!
//! Results go to the standard output stream, everything else to the error stream. [`Exit`] lists the exit codes.

mod app;
mod args;
mod check;
mod control;
mod dlq;
mod exit;
mod explain;
mod finish;
mod graph;
mod list;
mod load;
mod panics;
mod positions;
mod refused;
mod run;
mod signals;
mod stale;
mod state;
mod store;
mod streams;
mod table;

pub use self::{
    app::{App, main},
    exit::Exit,
};

#[cfg(test)]
mod tests;
