//! What sinks that write rows one behind the other have in common: buffers of the lanes, and rows as text.

mod buffers;
mod csv;
mod format;
mod json;

pub(crate) use buffers::{LaneWriter, Sink, Target};
pub(crate) use format::RowFormat;
