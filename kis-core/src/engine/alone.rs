//! A redrive where nothing runs: the flow is opened without its sources, takes the letters, and ends.

use std::time::Duration;

use super::{
    fault::Fault,
    flow::FlowEnd,
    options::RunOptions,
    redrive::{Redrive, Redriven},
    run::Engine,
};
use crate::{flow::Plan, observe::Phase};

impl Engine {
    /// Sends dead letters of one flow in again without reading its sources, and ends.
    ///
    /// # Errors
    /// As [`Engine::start`]; what made the flow fail; why the letters cannot be sent in.
    pub async fn redrive(
        plan: &Plan,
        options: RunOptions,
        flow: &str,
        redrive: &Redrive,
    ) -> Result<Redriven, Fault> {
        let options = RunOptions {
            closed: true,
            ..options
        };
        let mut engine = Engine::start(plan, options).await?;
        let desk = engine.desk();
        let mut fed = None;
        let mut sent = false;
        let summary = {
            let stopper = engine.stopper();
            let counters = engine.counters().to_vec();
            let feeding = async {
                while !desk.is_running(flow) {
                    if counters.iter().any(|counters| counters.phase() == Phase::Failed) {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                fed = Some(desk.redrive_and_end(flow, redrive).await);
                stopper.drain();
            };
            let mut feeding = std::pin::pin!(feeding);
            let mut end = std::pin::pin!(engine.wait());
            loop {
                tokio::select! {
                    summary = &mut end => break summary,
                    () = &mut feeding, if !sent => sent = true,
                }
            }
        };
        for flow in &summary.flows {
            if let FlowEnd::Failed(fault) = &flow.end {
                return Err(fault.clone());
            }
        }
        let mut done = fed.unwrap_or_else(|| Err(Fault::bug("a flow ended before letters were sent in")))?;
        done.again = summary
            .flows
            .iter()
            .map(|flow| flow.counters.failed_again.get())
            .sum();
        done.unsettled = summary.deadline_passed;
        Ok(done)
    }
}
