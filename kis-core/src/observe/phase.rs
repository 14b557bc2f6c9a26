//! Where a flow stands, and why rows leave it early.

/// Why rows left a flow without having passed its last step and without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum DropReason {
    /// A filter said no, or a function returned nothing for the row.
    Filtered,
    /// An action ended the run.
    Aborted,
    /// The run ended because a step returned no rows at all.
    Empty,
    /// The error policy of the row's class says `drop`.
    Policy,
}

impl DropReason {
    /// All reasons, in the order of their counters.
    pub const ALL: [DropReason; 4] = [
        DropReason::Filtered,
        DropReason::Aborted,
        DropReason::Empty,
        DropReason::Policy,
    ];

    /// The word used as the label `reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            DropReason::Filtered => "filtered",
            DropReason::Aborted => "aborted",
            DropReason::Empty => "empty",
            DropReason::Policy => "policy",
        }
    }
}

/// The phases of a flow's life, as the metric `kis_flow_state` shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Waits for the flows named by `after`.
    Waiting,
    /// Opens its sources and connectors.
    Starting,
    /// Takes rows.
    Running,
    /// So many rows fail that it waits until what fails them is mended.
    Paused,
    /// Finishes what it has taken and takes no more.
    Draining,
    /// All rows are settled and its sources have ended.
    Ended,
    /// Stopped by an error.
    Failed,
}

impl Phase {
    /// All phases, in the order of a flow's life.
    pub const ALL: [Phase; 7] = [
        Phase::Waiting,
        Phase::Starting,
        Phase::Running,
        Phase::Paused,
        Phase::Draining,
        Phase::Ended,
        Phase::Failed,
    ];

    /// The word used as the label `state`.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Waiting => "waiting",
            Phase::Starting => "starting",
            Phase::Running => "running",
            Phase::Paused => "paused",
            Phase::Draining => "draining",
            Phase::Ended => "ended",
            Phase::Failed => "failed",
        }
    }
}
