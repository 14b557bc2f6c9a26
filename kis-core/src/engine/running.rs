//! A flow whose readers are at work: takes cuts until the sources end or it is told to stop, and ends.

use std::{sync::Arc, time::Duration};

use kis_conn::store::RunState;
use tokio::task::JoinSet;

use super::{
    around::{STOPPED, Stop},
    cut::Cutter,
    fault::Fault,
    flow::{FlowEnd, FlowRun},
    lane::Lane,
    parcel::{Flight, Parcel},
};
use crate::observe::Phase;

/// A flow whose readers are at work.
pub(super) struct Running {
    pub(super) flow: Arc<FlowRun>,
    pub(super) cutter: Cutter,
    pub(super) readers: JoinSet<Result<bool, Fault>>,
    /// The lane of `at_end`.
    pub(super) last: Option<Arc<Lane>>,
    pub(super) checkpoint: Duration,
    /// How the last run had ended, and where.
    pub(super) before: Option<Vec<(String, String)>>,
}

impl Running {
    /// Takes cuts until the sources end, the flow is told to stop, or something fails.
    pub(super) async fn finish(mut self) -> FlowEnd {
        let mut stop = self.flow.around.stop.clone();
        let end = tokio::select! {
            end = self.run_out() => end,
            Ok(_) = stop.wait_for(|stop| *stop == Stop::Now) => {
                Err(Fault::new(STOPPED, "stopped before it was drained"))
            }
        };
        self.flow.guests.close();
        for (number, source) in self.flow.sources.iter().enumerate() {
            if let Err(error) = source.close().await {
                tracing::warn!(flow = %self.flow.plan.name, source = %self.flow.plan.sources[number].name, "{}", error.message);
            }
        }
        if let Err(fault) = self.flow.starts.take_back().await {
            tracing::warn!(flow = %self.flow.plan.name, "{fault}");
        }
        if let Some(suspects) = self.flow.guards.suspects.get() {
            suspects.forget();
        }
        match end {
            Ok(end) => end,
            // What was not settled when the flow was told to stop is read again at the next start.
            Err(fault) if fault.code == STOPPED => FlowEnd::Drained,
            Err(fault) => FlowEnd::Failed(fault),
        }
    }

    async fn run_out(&mut self) -> Result<FlowEnd, Fault> {
        let mut stop = self.flow.around.stop.clone();
        let mut ticks = tokio::time::interval(self.checkpoint);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        ticks.tick().await;
        let mut ended = true;
        let flow = Arc::clone(&self.flow);
        loop {
            tokio::select! {
                fault = self.cutter.fault() => return Err(fault),
                _ = ticks.tick() => {
                    self.cutter.cut(RunState::Running).await?;
                }
                () = flow.uncut.wanted() => {
                    self.cutter.cut(RunState::Running).await?;
                    ticks.reset();
                }
                reader = self.readers.join_next(), if !self.readers.is_empty() => match reader {
                    Some(Ok(whole)) => ended &= whole?,
                    Some(Err(_)) => return Err(Fault::bug("a reader panicked")),
                    None => {}
                },
                () = flow.guests.close_behind_the_last(), if self.readers.is_empty() => break,
            }
        }
        if *stop.borrow_and_update() == Stop::Now {
            return Err(Fault::new(STOPPED, "stopped before it was drained"));
        }
        self.flow.around.counters.set_phase(Phase::Draining);
        tokio::select! {
            fault = self.cutter.fault() => return Err(fault),
            () = self.flow.router.drained() => {}
        }
        if !ended {
            self.cutter.cut(RunState::Running).await?;
            return Ok(FlowEnd::Drained);
        }
        self.end().await
    }

    /// Everything was read: cuts until no row is parked, then the steps of `at_end`, then the cut that says so.
    async fn end(&mut self) -> Result<FlowEnd, Fault> {
        if let Some(after) = self.before.take()
            && self.flow.around.counters.received_rows.get() == 0
        {
            return Ok(FlowEnd::NothingNew { after });
        }
        let settled = match self.last {
            Some(_) => RunState::Running,
            None => RunState::Ended,
        };
        while self.cutter.cut(settled).await? > 0 {
            if !self.unparked().await? {
                self.cutter.cut(RunState::Running).await?;
                return Ok(FlowEnd::Drained);
            }
        }
        if let Some(last) = self.last.clone() {
            let flight = Flight::new(Arc::clone(&self.flow.around.counters), 0, 0, Vec::new());
            last.send(
                0,
                Parcel {
                    step: self.flow.plan.own_steps,
                    ..Parcel::only_letters(Vec::new(), flight)
                },
            );
            self.cutter.cut(RunState::Ended).await?;
        }
        Ok(FlowEnd::Ended)
    }

    /// Takes cuts until no row is parked. Whether it came to that; a drain does not wait for it.
    async fn unparked(&mut self) -> Result<bool, Fault> {
        let flow = Arc::clone(&self.flow);
        let mut stop = flow.around.stop.clone();
        let mut ticks = tokio::time::interval(self.checkpoint);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            tokio::select! {
                fault = self.cutter.fault() => return Err(fault),
                () = flow.parked.none() => return Ok(true),
                Ok(()) = async { stop.wait_for(|stop| *stop >= Stop::Drain).await.map(drop) } => return Ok(false),
                _ = ticks.tick() => self.cutter.cut(RunState::Running).await.map(drop)?,
            }
        }
    }
}
