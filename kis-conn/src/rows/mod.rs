//! From a stream of bytes to rows: where one row ends and the next begins.

mod cut;
mod values;

pub(crate) use cut::{Cut, Cutter, Dialect};
pub(crate) use values::{json_of_node, one_byte};
