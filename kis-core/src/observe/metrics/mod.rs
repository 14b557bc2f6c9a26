//! Metrics of running flows in the OpenMetrics format.
//!
//! The hot path only adds to plain counters; names, labels and histograms are made when somebody scrapes.

mod collector;
mod encode;
mod kisflow;
mod letters;

use std::{fmt, sync::Arc};

use kis_conf::{Mode, SourceFrom};
use prometheus_client::{
    collector::Collector, encoding::DescriptorEncoder, encoding::text, registry::Registry,
};

use self::{collector::Times, encode::Families};
use super::FlowCounters;
use crate::flow::{FlowPlan, Plan, StepPlan};

/// A flow as its metrics see it: what it counts, and what its configuration fixes.
#[derive(Clone, Debug)]
pub struct Watched {
    /// What it counts.
    pub counters: Arc<FlowCounters>,
    /// The name of each source, and of the connector it reads from, in the order of the counters' sources.
    pub sources: Vec<(String, Option<String>)>,
    /// Its steps, in the order of the counters' steps.
    pub steps: Vec<WatchedStep>,
    /// How many batches a step may work on at a time.
    pub lanes: usize,
    /// How many bytes it may have fetched and not yet settled.
    pub limit_bytes: u64,
}

/// A step as its metrics see it.
#[derive(Clone, Debug, Default)]
pub struct WatchedStep {
    /// The name of its function.
    pub function: String,
    /// The connectors that it saves to.
    pub sinks: Vec<String>,
}

impl WatchedStep {
    fn new(plan: &Plan, step: &StepPlan) -> WatchedStep {
        let saves = step.info.mode == Mode::Save;
        let sinks = step.conns.iter().filter(|_| saves);
        WatchedStep {
            function: step.info.name.to_owned(),
            sinks: sinks
                .map(|(_, conn)| plan.conns[*conn].name.to_string())
                .collect(),
        }
    }
}

impl Watched {
    /// A flow of a plan with its counters.
    pub fn new(plan: &Plan, flow: &FlowPlan, counters: Arc<FlowCounters>) -> Watched {
        let sources = flow.sources.iter().map(|source| {
            let conn = match &source.conf.from {
                SourceFrom::Conn(conn) => Some(conn.value.clone()),
                SourceFrom::Kind(_) => None,
            };
            (source.name.to_string(), conn)
        });
        Watched {
            counters,
            sources: sources.collect(),
            steps: flow
                .steps
                .iter()
                .map(|step| WatchedStep::new(plan, step))
                .collect(),
            lanes: flow.lanes,
            limit_bytes: flow.conf.limits.bytes,
        }
    }

    fn labels(&self) -> encode::Labels<'_> {
        vec![("flow", self.counters.flow.as_str())]
    }
}

/// What is exported, and by which clock.
#[derive(Clone, Copy, Debug)]
pub struct MetricsOptions {
    /// Whether the six metrics of KisFlow are exported too.
    pub kisflow: bool,
    /// The time in milliseconds since 1970.
    pub now_ms: fn() -> u64,
}

impl Default for MetricsOptions {
    fn default() -> Self {
        MetricsOptions {
            kisflow: false,
            now_ms,
        }
    }
}

fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}

/// The metrics of the flows of a process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    flows: Arc<[Watched]>,
}

impl Metrics {
    /// The content type of [`Metrics::encode`]'s text. Names of counters lack their `_total` in the lines that
    /// describe them, which is right in this format only.
    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// The metrics of these flows.
    pub fn new(flows: Vec<Watched>, options: MetricsOptions) -> Metrics {
        let flows: Arc<[Watched]> = flows.into();
        let mut registry = Registry::default();
        let started = (options.now_ms)();
        registry.register_collector(Box::new(Flows {
            flows: Arc::clone(&flows),
            options,
            started,
        }));
        Metrics { registry, flows }
    }

    /// The flows, in the order they were given in.
    pub fn flows(&self) -> &[Watched] {
        &self.flows
    }

    /// The numbers now, as text.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a string fails only if an encoder is wrong, which the tests would show.
        if text::encode(&mut text, &self.registry).is_err() {
            tracing::error!("the metrics could not be written");
        }
        text
    }
}

#[derive(Debug)]
struct Flows {
    flows: Arc<[Watched]>,
    options: MetricsOptions,
    started: u64,
}

impl Collector for Flows {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Families(encoder);
        let now = (self.options.now_ms)();
        let times = Times {
            now,
            up: now.saturating_sub(self.started),
        };
        collector::write(&mut out, &self.flows, times)?;
        if self.options.kisflow {
            kisflow::write(&mut out, &self.flows)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
