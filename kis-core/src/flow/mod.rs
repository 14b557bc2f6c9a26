//! Flows: what `flows!` embeds, how it is bound to what is linked, and flows made in a program.

mod set;

pub use self::set::FlowSet;
