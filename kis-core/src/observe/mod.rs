//! What can be seen of running flows: counters, metrics, probes, progress, logs.

mod counters;
mod holds;
pub mod logs;
mod metrics;
mod phase;
mod progress;
mod screen;
mod serve;
pub mod show;

pub use self::{
    counters::{Count, Durations, ErrorCount, FlowCounters, SourceCounters, StepCounters},
    holds::{HeldBy, Hold, Holds},
    metrics::{Metrics, MetricsOptions, Watched, WatchedStep},
    phase::{DropReason, Phase},
    progress::{Progress, Show},
    screen::{LogLine, Screen},
    serve::{Listener, ServeError, Serving},
};
