//! Flows: what `flows!` embeds, and how it is bound to what is linked.

mod set;

pub use self::set::FlowSet;
