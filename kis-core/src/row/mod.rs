//! Rows: what flows carry.

pub mod key;
