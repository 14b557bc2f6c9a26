//! Looks after the flows of a process from a thread of its own: calls that do not return keep the workers, but not it.

use std::{
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::guards::Guards;
use crate::{
    flow::FlowPlan,
    function::Call,
    observe::{HeldBy, Hold, Phase, show::count},
};

/// How long nothing may be settled at the least before a flow is called stuck.
const STUCK: Duration = Duration::from_secs(60);

/// How many cuts must have been due.
const CUTS: u32 = 3;

/// How often it looks, at the most and at the least.
const LOOKS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// The watchdog's thread ends when this is dropped.
#[derive(Debug)]
pub(super) struct Watchdog(#[expect(dead_code, reason = "its end is the message")] mpsc::Sender<()>);

/// One flow as the watchdog sees it.
pub(super) struct Watched {
    plan: Arc<FlowPlan>,
    guards: Arc<Guards>,
    /// How long nothing may be settled.
    stuck_after: Duration,
    /// The call on each seat, and when it was seen first.
    calls: Vec<Option<(u64, Duration)>>,
    /// Since when calls wait for a thread.
    crowded: Option<Duration>,
    /// What had been settled when something moved last, and when that was.
    moved: ([u64; 4], Duration),
}

impl Watchdog {
    /// Looks after these flows from now on.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(mut flows: Vec<Watched>) -> std::io::Result<Watchdog> {
        let limits = flows.iter().flat_map(|flow| {
            [
                flow.plan.conf.limits.step_timeout,
                flow.plan.conf.limits.hang_exit,
            ]
        });
        let every = limits.flatten().min().unwrap_or(LOOKS.1) / 4;
        let every = every.clamp(LOOKS.0, LOOKS.1);
        let (end, ended) = mpsc::channel();
        thread::Builder::new()
            .name("kis-watchdog".to_owned())
            .spawn(move || {
                let start = Instant::now();
                while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                    let hangs = flows.iter_mut().find_map(|flow| flow.look(start.elapsed()));
                    if let Some(text) = hangs {
                        tracing::error!("{text}");
                        // Nothing else ends a thread. What no cut covers is read again at the next start.
                        #[expect(
                            clippy::disallowed_methods,
                            reason = "the call that hangs keeps main from returning"
                        )]
                        std::process::exit(1);
                    }
                }
            })?;
        Ok(Watchdog(end))
    }
}

impl Watched {
    /// Watches this flow, of which a cut is due each `checkpoint`.
    pub(super) fn new(plan: Arc<FlowPlan>, guards: Arc<Guards>, checkpoint: Duration) -> Watched {
        Watched {
            plan,
            guards,
            stuck_after: STUCK.max(checkpoint.saturating_mul(CUTS)),
            calls: Vec::new(),
            crowded: None,
            moved: ([0; 4], Duration::ZERO),
        }
    }

    /// Notes what hangs and what is stuck. Gives the reason for which the process has to end, if there is one.
    fn look(&mut self, now: Duration) -> Option<String> {
        let counters = Arc::clone(&self.guards.around.counters);
        let mut at_work: Vec<(usize, Duration)> = Vec::new();
        let calls = &mut self.calls;
        self.guards.seats.look(|seat, call| {
            calls.resize(calls.len().max(seat + 1), None);
            let since = match (calls[seat], call) {
                (Some((known, since)), Some((call, _))) if known == call => since,
                _ => now,
            };
            calls[seat] = call.map(|(call, _)| (call, since));
            at_work.extend(call.map(|(_, at)| (at, now.saturating_sub(since))));
        });
        // The longest first.
        at_work.sort_by_key(|(_, age)| std::cmp::Reverse(*age));
        let exit = self.hangs(&at_work).or_else(|| self.waits_for_threads(now));
        if matches!(counters.phase(), Phase::Running | Phase::Draining) {
            self.stuck(now, &at_work);
        }
        exit
    }

    fn hangs(&self, at_work: &[(usize, Duration)]) -> Option<String> {
        let limits = &self.plan.conf.limits;
        let around = &self.guards.around;
        let hangs = |at: usize, age: Duration| {
            let step = self.plan.steps.get(at)?;
            // Other calls are ended by their own time limit.
            let limit = step.timeout.filter(|_| matches!(step.info.call, Call::Now(_)))?;
            (age >= limit).then_some((step, limit))
        };
        let found: Vec<_> = at_work
            .iter()
            .filter_map(|(at, age)| hangs(*at, *age).map(|found| (found, *age)))
            .collect();
        for hold in around.counters.holds.now() {
            let is_back = !found.iter().any(|((step, _), _)| *step.name == *hold.what);
            if hold.by == HeldBy::Hang && is_back && hold.end().is_some() {
                tracing::info!(flow = %self.plan.name, step = %hold.what, "the call that seemed to hang has returned");
            }
        }
        for ((step, limit), age) in &found {
            let hold = around.counters.holds.of(HeldBy::Hang, &step.name);
            let ends = limits.hang_exit.map_or_else(String::new, |exit| {
                format!("; after limits.hang_exit ({exit:?}) the process ends")
            });
            let why = format!(
                "a call has not returned for more than {limit:?}{ends}; a function that takes so long should be async, \
                 blocking, or get smaller batches"
            );
            let since = around.now_ms().saturating_sub(age.as_millis() as u64);
            if hold.begin(&*why, since) {
                tracing::error!(flow = %self.plan.name, step = %step.name, at = step.info.at, "{why}");
            }
        }
        let ((step, _), age) = found.first()?;
        let exit = limits.hang_exit.filter(|exit| age >= exit)?;
        Some(format!(
            "flow {}: step {} ({}) has not returned for {exit:?} (limits.hang_exit): the process ends, and what is not \
             settled is read again at the next start",
            self.plan.name, step.name, step.info.at
        ))
    }

    /// Calls that were given up cannot be ended; too many of them keep all others from a thread.
    fn waits_for_threads(&mut self, now: Duration) -> Option<String> {
        let holds = self.guards.around.counters.holds.now();
        let Some(hold) = holds.iter().find(|hold| hold.by == HeldBy::Threads) else {
            self.crowded = None;
            return None;
        };
        let since = *self.crowded.get_or_insert(now);
        let exit = self.plan.conf.limits.hang_exit?;
        (now.saturating_sub(since) >= exit).then(|| {
            format!(
                "flow {}: step {} has waited for {exit:?} (limits.hang_exit) for a thread of a blocking call that was given \
                 up: the process ends, and what is not settled is read again at the next start",
                self.plan.name, hold.what
            )
        })
    }

    fn stuck(&mut self, now: Duration, at_work: &[(usize, Duration)]) {
        let around = &self.guards.around;
        let counters = &around.counters;
        let rows = counters.inflight_rows.load(Relaxed);
        let moved = [
            rows,
            counters.acked.get(),
            counters.dead.get(),
            counters.batches.buckets().iter().map(|(_, n)| n).sum(),
        ];
        // Rows that wait for what is not available, or since too many fail, are told by that.
        let told = |hold: &Arc<Hold>| hold.by != HeldBy::Stuck;
        if moved != self.moved.0 || rows == 0 || counters.holds.now().iter().any(told) {
            self.moved = (moved, now);
        }
        let since = now.saturating_sub(self.moved.1);
        if since < self.stuck_after {
            if counters.holds.any(HeldBy::Stuck) && counters.holds.of(HeldBy::Stuck, "").end().is_some() {
                tracing::info!(flow = %self.plan.name, "rows are settled again");
            }
            return;
        }
        let culprit = match at_work.first() {
            Some((at, age)) => {
                let step = self.plan.steps.get(*at).map_or("?", |step| &step.name);
                format!("step {step} has been at work for {}s", age.as_secs())
            }
            None if counters.parked.load(Relaxed) > 0 => "rows wait for a retry".to_owned(),
            None => "no step is at work".to_owned(),
        };
        let why = format!("{} rows are on their way, and {culprit}", count(rows));
        let began = around.now_ms().saturating_sub(since.as_millis() as u64);
        if counters.holds.of(HeldBy::Stuck, "").begin(&*why, began) {
            tracing::error!(flow = %self.plan.name, "nothing was settled for {}s: {why}", since.as_secs());
        }
    }
}

#[cfg(test)]
mod tests;
