//! What can be seen of running flows: counters, metrics, probes, progress, logs.

mod counters;
mod holds;
pub mod logs;
mod metrics;
mod progress;
mod screen;
mod serve;
pub mod show;

pub use self::{
    counters::{Count, DropReason, Durations, ErrorCount, FlowCounters, Phase, SourceCounters, StepCounters},
    holds::{HeldBy, Hold, Holds},
    metrics::{Metrics, MetricsOptions, Watched, WatchedStep},
    progress::{Progress, Show},
    screen::{LogLine, Screen},
    serve::{Listener, ServeError, Serving},
};
