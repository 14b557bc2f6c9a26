//! How a run of flows came out.

use std::{sync::Arc, time::Duration};

use super::flow::FlowEnd;
use crate::observe::FlowCounters;

/// How a run of flows came out.
#[derive(Debug)]
pub struct Summary {
    /// Each flow with its end and its counters, in the plan's order.
    pub flows: Vec<FlowSummary>,
    /// How long all of it took.
    pub took: Duration,
    /// Whether the time to drain was over before every flow had finished.
    pub deadline_passed: bool,
}

/// How one flow came out.
#[derive(Debug)]
pub struct FlowSummary {
    /// Its name.
    pub name: Arc<str>,
    /// How it ended.
    pub end: FlowEnd,
    /// What it counted.
    pub counters: Arc<FlowCounters>,
    /// How long it ran.
    pub took: Duration,
}

impl Summary {
    /// Whether any flow failed.
    pub fn failed(&self) -> bool {
        self.flows
            .iter()
            .any(|flow| matches!(flow.end, FlowEnd::Failed(_)))
    }

    /// Rows that became dead letters, over all flows.
    pub fn dead(&self) -> u64 {
        self.flows.iter().map(|flow| flow.counters.dead.get()).sum()
    }
}
