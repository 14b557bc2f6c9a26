//! Flows that a program makes and runs itself: build, push rows, run, fork, export.

mod block_on;
mod builder;
mod flow;

pub use self::{
    block_on::block_on,
    builder::FlowBuilder,
    flow::{Flow, Report},
};
