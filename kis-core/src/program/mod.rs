//! Flows that a program makes and runs itself: build, push rows, run, fork, export.

mod builder;
mod flow;

pub use self::{
    builder::FlowBuilder,
    flow::{Flow, Report},
};
