//! The kind `memory`: rows that are given as text, and a sink that keeps them; for tests and programs.

mod sink;
mod source;

pub use sink::{Memory, MemoryClient};
pub(crate) use source::SOURCE;
pub use source::memory_source;

#[cfg(test)]
mod tests;
