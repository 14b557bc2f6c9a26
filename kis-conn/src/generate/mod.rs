//! The source kind `generate`: made-up rows, the same ones for the same seed; for trials, examples and measurements.

mod field;
mod source;

pub(crate) use source::SOURCE;

#[cfg(test)]
mod tests;
