//! What a flow promises about its effects, computed from its sources, steps and connectors.

use kis_conf::{Delivery, Mode};
use kis_conn::Nature;

use super::plan::{ConnPlan, FlowPlan, StepPlan};

/// The strongest promise that holds for a flow, and why it is no stronger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarantee {
    /// The promise.
    pub delivery: Delivery,
    /// Why it is this one; names the source or step that decides.
    pub reason: String,
    /// Steps whose effects outside of the flow may happen again after a crash.
    pub uncovered: Vec<String>,
}

impl Guarantee {
    /// Computes the promise of a flow.
    pub fn of(flow: &FlowPlan, conns: &[ConnPlan]) -> Guarantee {
        let covered = |step: &StepPlan| step.conns.iter().all(|(_, conn)| conns[*conn].info.cuts);
        let writes = |step: &StepPlan| matches!(step.info.mode, Mode::Save | Mode::Expand);
        let uncovered = flow
            .own()
            .iter()
            .filter(|step| writes(step) && (step.info.mode == Mode::Expand || !covered(step)))
            .map(|step| step.name.to_string())
            .collect();
        let (delivery, reason) =
            if let Some(source) = flow.sources.iter().find(|source| !source.info.facts.replayable) {
                let reason = format!(
                    "source {} ({}) cannot send a row again",
                    source.name, source.info.kind
                );
                (Delivery::BestEffort, reason)
            } else if let Some(source) = flow
                .sources
                .iter()
                .find(|source| source.info.facts.nature == Nature::Queue)
            {
                let reason = format!(
                    "source {} ({}) is a queue: rows come again whose acknowledgement was lost",
                    source.name, source.info.kind
                );
                (Delivery::AtLeastOnce, reason)
            } else if let Some(step) = flow
                .own()
                .iter()
                .find(|step| step.info.mode == Mode::Save && !covered(step))
            {
                let conn = step
                    .conns
                    .iter()
                    .map(|(_, conn)| &conns[*conn])
                    .find(|conn| !conn.info.cuts);
                let kind = conn.map_or("outside", |conn| conn.info.kind);
                let reason = format!(
                    "what step {} saved ({kind}) is not taken back to the last cut after a crash",
                    step.name
                );
                (Delivery::AtLeastOnce, reason)
            } else {
                let reason = "state, embedded tables and files are taken back to the last cut after a crash"
                    .to_owned();
                (Delivery::EffectivelyOnce, reason)
            };
        Guarantee {
            delivery,
            reason,
            uncovered,
        }
    }

    /// Whether it is at least as strong as what a flow asks for.
    pub fn holds(&self, asked: Delivery) -> bool {
        rank(self.delivery) >= rank(asked)
    }
}

fn rank(delivery: Delivery) -> u8 {
    match delivery {
        Delivery::BestEffort => 0,
        Delivery::AtLeastOnce => 1,
        Delivery::EffectivelyOnce => 2,
    }
}
