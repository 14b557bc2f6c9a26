//! What can be seen of running flows: counters, metrics, the progress line, logs.

mod counters;

pub use self::counters::{Count, DropReason, Durations, FlowCounters, Phase, StepCounters};
