//! KIS flow.

pub mod observe;
pub mod row;
pub mod state;
