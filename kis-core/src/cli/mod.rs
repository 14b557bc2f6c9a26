//! The command line that every app has: `run`, `check`, `list`, `graph`, `explain`.

mod app;
mod args;
mod check;
mod exit;
mod explain;
mod finish;
mod graph;
mod list;
mod load;
mod panics;
mod run;
mod signals;
mod stale;
mod streams;
mod table;

pub use self::{
    app::{App, main},
    exit::Exit,
};

#[cfg(test)]
mod tests;
