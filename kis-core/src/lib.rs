//! KIS flow.

pub mod row;
pub mod state;
