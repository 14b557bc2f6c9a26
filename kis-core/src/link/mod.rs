//! Does one step fit the next? The same `const fn`s answer the compiler, through `flows!`, and the loader at run time.
//!
//! `flows!` emits the facts of a file as [`FlowText`] constants and asks for the first, second, .. problem of each
//! step; the loader makes the same facts from the files it read and asks the same questions. So there is one text for
//! each problem, and one order of checks.

mod checks;
mod conns;
mod fields;
mod flow;
mod load;
mod rows;
mod text;
mod variants;

#[cfg(test)]
mod tests;

pub use self::{
    checks::{conn_of, source_problem, step_problem},
    conns::conn_problem,
    flow::{flow_problem, table_problem},
    load::{check, conn_name},
    rows::{row_of, row_problem},
    text::{At, ConnText, FlowFacts, FlowText, Found, SourceText, StepText, refuse},
};

/// How many problems of one kind `flows!` asks each step, source and flow for.
pub const ASKED: usize = 4;
