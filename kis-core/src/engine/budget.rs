//! The budget of failed rows: when so many fail that the rows can hardly be at fault, the flow pauses before they
//! become dead letters, tries some of them again from time to time, and goes on by itself.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use kis_conf::BudgetThen;
use parking_lot::Mutex;

use super::{
    around::{STOPPED, Stop, Surroundings},
    breaker::asked,
    fault::Fault,
    gate::{Gate, Turn},
};
use crate::{
    error::Error,
    flow::{FlowPlan, StepPlan},
    observe::{HeldBy, show::count},
};

/// How far apart the tries of a paused flow are, at first and at the most.
const TRIES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Below so many rows nothing is judged: a few bad rows of a few say nothing.
const LEAST: u64 = 100;

/// Into how many parts the time of a window falls.
const PARTS: u64 = 12;

/// The budgets of a flow's steps, and the gate before which the flow waits when one is used up.
pub(super) struct Budgets {
    around: Surroundings,
    steps: Vec<Budget>,
    gate: Gate,
    /// When the counts are noted next, in ms.
    next_tick: AtomicU64,
}

#[derive(Default)]
struct Budget {
    conf: Option<kis_conf::Budget>,
    /// Rows that failed for good.
    failed: AtomicU64,
    /// Rows that failed before they were given to the step.
    lost: AtomicU64,
    window: Mutex<Window>,
}

/// The counts at moments of the last time, oldest first: (time in ms, handled, failed).
#[derive(Debug, Default)]
struct Window {
    counts: VecDeque<(u64, u64, u64)>,
    /// When they were noted last. What was counted since then was counted within one part.
    noted: u64,
}

/// What was found at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    failed: u64,
    handled: u64,
}

/// What comes next for rows that are about to fail for good.
pub(super) enum Judged {
    /// They may.
    Within,
    /// Somebody else found that the flow may go on: they are worth another try.
    TryAgain,
    /// They are the ones to try now, and tell what came of it.
    Probe(Turn),
}

impl Budgets {
    /// The budgets of a flow; none where its rows do not wait for anything.
    pub(super) fn new(plan: &FlowPlan, around: &Surroundings, waits: bool) -> Budgets {
        let of = |step: &Arc<StepPlan>| Budget {
            conf: step.on_error.budget.filter(|_| waits),
            ..Budget::default()
        };
        Budgets {
            steps: plan.steps.iter().map(of).collect(),
            around: around.clone(),
            gate: Gate::new(TRIES.0, TRIES.1),
            next_tick: AtomicU64::new(0),
        }
    }

    /// Waits while the flow is paused.
    ///
    /// # Errors
    /// If the flow is asked to stop; what waits is read again at the next start.
    pub(super) async fn pass(&self) -> Result<(), Fault> {
        if !self.gate.is_shut() {
            return Ok(());
        }
        let mut stop = self.around.stop.clone();
        tokio::select! {
            biased;
            () = asked(&mut stop, Stop::Drain) => Err(stopped()),
            () = self.gate.opened() => Ok(()),
        }
    }

    /// Waits until the flow is not paused.
    pub(super) async fn opened(&self) {
        if self.gate.is_shut() {
            self.gate.opened().await;
        }
    }

    /// Judges a batch of `given` rows that step `at` was given and of which `failed` are about to become dead letters.
    /// If they are too many, waits until they may be tried again.
    ///
    /// # Errors
    /// If the budget says that the flow stops, or the flow is asked to stop.
    pub(super) async fn judge(
        &self,
        step: &StepPlan,
        at: usize,
        (given, failed): (u64, u64),
        last: &Error,
    ) -> Result<Judged, Fault> {
        let budget = &self.steps[at];
        let Some(conf) = budget.conf.filter(|_| failed > 0) else {
            return Ok(Judged::Within);
        };
        let share = budget.share(conf, self.handled(at) + given, failed, self.around.now_ms());
        if !share.is_over(conf) && !self.gate.is_shut() {
            return Ok(Judged::Within);
        }
        if share.is_over(conf) {
            let text = share.show(conf, last);
            if conf.then == BudgetThen::Stop {
                return Err(Fault::at(&step.name, "budget", text));
            }
            self.gate.shut();
            if self.hold(step).begin(&*text, self.around.now_ms()) {
                tracing::warn!(flow = %self.around.counters.flow, step = %step.name, code = last.code(),
                    "paused: {text}. Some of the rows are tried again from time to time, and the flow goes on by itself \
                     when enough of them work. If they are bad for good, stop the flow, set on_error.budget: none or a \
                     higher error_ratio, and start it again; reject: drop is for rows that are refused as a rule");
            }
        }
        let mut stop = self.around.stop.clone();
        tokio::select! {
            biased;
            () = asked(&mut stop, Stop::Drain) => Err(stopped()),
            turn = self.probe() => Ok(turn.map_or(Judged::TryAgain, Judged::Probe)),
        }
    }

    /// Of `tried` rows that were tried again so many failed again. Says whether the flow goes on; else another try
    /// follows.
    ///
    /// Where no row can be tried again, such as one that cannot be read, the next batch has to tell: the flow goes on
    /// for it, and is paused for longer if it is as bad.
    pub(super) fn probed(&self, step: &StepPlan, at: usize, turn: Turn, (tried, failed): (u64, u64)) -> bool {
        let Some(conf) = self.steps[at].conf else {
            return true;
        };
        if failed as f64 > conf.error_ratio * tried as f64 {
            tracing::debug!(flow = %self.around.counters.flow, step = %step.name, tried, failed, "still paused");
            return false;
        }
        for (at, budget) in self.steps.iter().enumerate() {
            let failed = budget.failed.load(Relaxed);
            budget
                .window
                .lock()
                .restart(self.around.now_ms(), self.handled(at), failed);
        }
        let now_ms = self.around.now_ms();
        for hold in self.around.counters.holds.now() {
            if hold.by == HeldBy::Budget
                && let Some(since) = hold.end()
            {
                let paused = Duration::from_millis(now_ms.saturating_sub(since));
                tracing::info!(flow = %self.around.counters.flow, step = %hold.what,
                    "goes on after {paused:?}: of {tried} rows that were tried again {failed} failed");
            }
        }
        match tried {
            0 => self.gate.half_open(turn),
            _ => self.gate.open(turn),
        }
        true
    }

    /// Counts rows that failed for good at step `at`; `lost` of them were never given to it.
    pub(super) fn count(&self, at: usize, failed: u64, lost: u64) {
        self.steps[at].failed.fetch_add(failed, Relaxed);
        self.steps[at].lost.fetch_add(lost, Relaxed);
    }

    /// Notes the counts of all steps now and then, so that a window can be looked at later. Called for each batch.
    pub(super) fn tick(&self, now_ms: u64) {
        if now_ms < self.next_tick.load(Relaxed) {
            return;
        }
        let mut next = now_ms + 60_000;
        for (at, budget) in self.steps.iter().enumerate() {
            let Some(conf) = budget.conf else { continue };
            let failed = budget.failed.load(Relaxed);
            budget.window.lock().tick(conf, now_ms, self.handled(at), failed);
            next = next.min(now_ms + part(conf));
        }
        self.next_tick.store(next, Relaxed);
    }

    async fn probe(&self) -> Option<Turn> {
        let mut turn = self.gate.pass().await?;
        turn.wait().await;
        Some(turn)
    }

    fn handled(&self, at: usize) -> u64 {
        self.around.counters.step(at).rows_in.get() + self.steps[at].lost.load(Relaxed)
    }

    fn hold(&self, step: &StepPlan) -> Arc<crate::observe::Hold> {
        self.around.counters.holds.of(HeldBy::Budget, &step.name)
    }
}

impl Budget {
    /// The share in the window, with `failed` more rows of a batch that is counted in `handled` already.
    fn share(&self, conf: kis_conf::Budget, handled: u64, failed: u64, now_ms: u64) -> Share {
        let failed = self.failed.load(Relaxed) + failed;
        let (handled_before, failed_before) = self.window.lock().before(conf, now_ms);
        Share {
            failed: failed.saturating_sub(failed_before),
            handled: handled.saturating_sub(handled_before),
        }
    }
}

impl Share {
    fn is_over(self, conf: kis_conf::Budget) -> bool {
        self.handled >= LEAST && self.failed as f64 > conf.error_ratio * self.handled as f64
    }

    fn show(self, conf: kis_conf::Budget, last: &Error) -> String {
        format!(
            "{} of {} rows failed within {:?}, and error_ratio allows {}; the last one: {} ({})",
            count(self.failed),
            count(self.handled),
            conf.over,
            conf.error_ratio,
            last.message(),
            last.code(),
        )
    }
}

impl Window {
    /// Notes the counts as they were up to now, at most once in each part of the window.
    fn tick(&mut self, conf: kis_conf::Budget, now_ms: u64, handled: u64, failed: u64) {
        let (over, part) = (ms(conf.over), part(conf));
        if self.counts.is_empty() {
            return self.restart(now_ms, handled, failed);
        }
        if now_ms < self.noted.saturating_add(part) {
            return;
        }
        self.counts.push_back((self.noted + part, handled, failed));
        self.noted = now_ms;
        while self
            .counts
            .get(1)
            .is_some_and(|(at, ..)| at.saturating_add(over) <= now_ms)
        {
            self.counts.pop_front();
        }
    }

    /// The counts where the window begins.
    fn before(&self, conf: kis_conf::Budget, now_ms: u64) -> (u64, u64) {
        let begin = now_ms.saturating_sub(ms(conf.over));
        let before = self.counts.iter().rev().find(|(at, ..)| *at <= begin);
        let before = before.or(self.counts.front());
        before.map_or((0, 0), |(_, handled, failed)| (*handled, *failed))
    }

    fn restart(&mut self, now_ms: u64, handled: u64, failed: u64) {
        self.counts = VecDeque::from([(now_ms, handled, failed)]);
        self.noted = now_ms;
    }
}

/// The length of a part of the window.
fn part(conf: kis_conf::Budget) -> u64 {
    (ms(conf.over) / PARTS).max(1)
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn stopped() -> Fault {
    Fault::new(STOPPED, "stopped while the flow was paused")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: kis_conf::Budget = kis_conf::Budget {
        error_ratio: 0.5,
        over: Duration::from_secs(60),
        then: BudgetThen::Pause,
    };

    /// Batches as (second, rows, failed); the share in the window at the last one.
    fn check(batches: &[(u64, u64, u64)], expect: (u64, u64), over: bool) {
        let budget = Budget::default();
        let (mut handled, mut share) = (0, None);
        for (second, rows, failed) in batches {
            let (now, before) = (second * 1_000, budget.failed.load(Relaxed));
            budget.window.lock().tick(CONF, now, handled, before);
            handled += rows;
            share = Some(budget.share(CONF, handled, *failed, now));
            budget.failed.fetch_add(*failed, Relaxed);
        }
        let (failed, handled) = expect;
        assert_eq!(share.unwrap(), Share { failed, handled });
        assert_eq!(share.unwrap().is_over(CONF), over);
    }

    #[test]
    fn only_the_last_minute_counts_and_only_enough_rows() {
        check(&[(0, 4, 3)], (3, 4), false);
        check(&[(0, 99, 99)], (99, 99), false);
        check(&[(0, 100, 51)], (51, 100), true);
        check(&[(0, 100, 50)], (50, 100), false);
        check(&[(0, 1_000, 0), (1, 1_000, 900)], (900, 2_000), false);
        check(&[(0, 1_000_000, 0), (3_600, 1_000, 600)], (600, 1_000), true);
        check(
            &[(0, 1_000, 900), (30, 1_000, 0), (70, 1_000, 0)],
            (0, 2_000),
            false,
        );
    }
}
