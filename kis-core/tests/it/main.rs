//! Flows from YAML, run whole: what comes out, what is dropped, what becomes a dead letter.

mod actions;
mod check;
mod failures;
mod order;
mod recovery;
mod restart;
mod steps;
mod whole;
