//! The kind `memory`: rows that are given as text, a sink that keeps them, and a queue; for tests and programs.

mod queue;
mod sink;
mod source;

pub use queue::MemoryQueue;
pub use sink::{Memory, MemoryClient};
pub(crate) use source::SOURCE;
pub use source::memory_source;

#[cfg(test)]
mod tests;
