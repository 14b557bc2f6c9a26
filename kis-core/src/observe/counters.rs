//! What a running flow counts: plain atomic numbers, written once per batch and read by whoever looks.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicU8, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};

use parking_lot::Mutex;

use super::{DropReason, HeldBy, Holds, Phase};

/// A number that only grows. Each has a cache line of its own, since lanes on other cores write its neighbours.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `n`.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How often a duration fell into each power of two of microseconds.
#[derive(Debug, Default)]
pub struct Durations {
    buckets: [AtomicU64; Durations::BUCKETS],
    nanos: AtomicU64,
}

impl Durations {
    const BUCKETS: usize = 25;

    /// Counts one duration.
    #[inline]
    pub fn add(&self, took: Duration) {
        let nanos = took.as_nanos() as u64;
        let bucket = (64 - (nanos / 1000).leading_zeros() as usize).min(Self::BUCKETS - 1);
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.nanos.fetch_add(nanos, Relaxed);
    }

    /// The sum of all durations in seconds.
    pub fn sum_seconds(&self) -> f64 {
        self.nanos.load(Relaxed) as f64 / 1e9
    }

    /// The upper bound of each bucket in seconds, and how many durations fell into it. The last bound is infinite.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bound = |i: usize| {
            if i + 1 == Self::BUCKETS {
                f64::INFINITY
            } else {
                (1u64 << i) as f64 / 1e6
            }
        };
        self.buckets
            .iter()
            .enumerate()
            .map(|(i, n)| (bound(i), n.load(Relaxed)))
            .collect()
    }
}

/// How often an error was seen, and when it was told last.
#[derive(Clone, Copy, Debug, Default)]
pub struct ErrorCount {
    /// Rows that failed with it.
    pub rows: u64,
    /// Those of them that became dead letters.
    pub letters: u64,
    told_ms: u64,
    untold: u64,
}

/// How long the same error of the same step stays silent after it was told, in milliseconds.
const SILENCE_MS: u64 = 10_000;

impl ErrorCount {
    fn add(&mut self, rows: u64, now_ms: u64) -> Option<u64> {
        let first = self.rows == 0;
        self.rows += rows;
        if !first && now_ms < self.told_ms.saturating_add(SILENCE_MS) {
            self.untold += rows;
            return None;
        }
        self.told_ms = now_ms;
        Some(std::mem::take(&mut self.untold))
    }
}

/// The counters of one step.
#[derive(Debug, Default)]
pub struct StepCounters {
    /// Rows given to the step.
    pub rows_in: Count,
    /// Rows it handed on.
    pub rows_out: Count,
    /// Time per call.
    pub durations: Durations,
    /// Calls that were tried again.
    pub retries: Count,
    /// Rows that left here, by [`DropReason`].
    pub dropped: [Count; 4],
    /// Rows that were given to the step and failed for good.
    pub failed: Count,
    /// Rows that lack a field which `must` names and were let through, since `must: warn` says so.
    pub lacking: Mutex<ErrorCount>,
    /// Rows that failed here, by class and code.
    pub errors: Mutex<Errors>,
}

impl StepCounters {
    /// Counts rows that left the flow at this step without an error.
    pub fn drop_rows(&self, reason: DropReason, rows: u64) {
        if rows > 0 {
            self.dropped[reason as usize].add(rows);
        }
    }

    /// Counts one row that failed. Says how many like it were not told since the last time, if it should be told now.
    pub fn error(&self, class: &'static str, code: &str, now_ms: u64) -> Option<u64> {
        let mut errors = self.errors.lock();
        entry(&mut errors, class, code).add(1, now_ms)
    }

    /// Counts rows that lack a field which `must` names and were let through. Says how many were not told since the
    /// last time, if it should be told now.
    pub fn lack(&self, rows: u64, now_ms: u64) -> Option<u64> {
        self.lacking.lock().add(rows, now_ms)
    }

    /// Counts that a row whose [error](StepCounters::error) is counted became a dead letter.
    pub fn letter(&self, class: &'static str, code: &str) {
        entry(&mut self.errors.lock(), class, code).letters += 1;
    }

    /// How often the step was called, that is how many batches it was given.
    pub fn calls(&self) -> u64 {
        self.durations.buckets().iter().map(|(_, n)| n).sum()
    }
}

/// Errors of a step by class and code.
type Errors = BTreeMap<(&'static str, String), ErrorCount>;

/// The number of codes is bounded, since labels must never grow with the data.
fn entry<'a>(errors: &'a mut Errors, class: &'static str, code: &str) -> &'a mut ErrorCount {
    let mut key = (class, code.to_owned());
    if errors.len() >= 64 && !errors.contains_key(&key) {
        key.1 = "other".to_owned();
    }
    errors.entry(key).or_default()
}

/// The counters of one source of a flow.
#[derive(Debug, Default)]
pub struct SourceCounters {
    /// Rows that came in.
    pub rows: Count,
    /// Bytes that came in.
    pub bytes: Count,
    /// Newest event time that has been settled, in milliseconds since 1970; 0 when there is none.
    pub event_time_ms: AtomicU64,
}

/// The counters of one flow.
#[derive(Debug)]
pub struct FlowCounters {
    /// The flow's name.
    pub flow: String,
    /// The names and modes of its steps, in their order; the steps of `at_end` follow.
    pub steps: Vec<(String, &'static str, StepCounters)>,
    /// Its sources, in their order.
    pub sources: Vec<SourceCounters>,
    /// Rows that came in from all sources, or were given by the program.
    pub received_rows: Count,
    /// Bytes that came in from all sources.
    pub received_bytes: Count,
    /// Rows that passed the last step.
    pub rows_out: Count,
    /// Rows that became dead letters.
    pub dead: Count,
    /// Dead letters that were sent in again.
    pub redriven: Count,
    /// Dead letters whose rows failed again when they were sent in.
    pub failed_again: Count,
    /// Dead letters that were removed because there were too many.
    pub letters_dropped: Count,
    /// Dead letters that were removed because they were too old.
    pub letters_expired: Count,
    /// Dead letters in the store.
    pub letters: AtomicU64,
    /// Rows that could not be decoded.
    pub decode_errors: Count,
    /// Rows that are settled and covered by a durable cut.
    pub acked: Count,
    /// Cuts that are durable.
    pub cuts: Count,
    /// Time from the arrival of a batch until its last row was settled, per batch.
    pub batches: Durations,
    /// Time from marker to durable, per cut.
    pub cut_durations: Durations,
    /// Bytes fetched and not yet settled.
    pub inflight_bytes: AtomicU64,
    /// Rows fetched and not yet settled.
    pub inflight_rows: AtomicU64,
    /// Rows parked for a retry, or behind one of their key.
    pub parked: AtomicU64,
    /// Keys in the flow's state.
    pub state_keys: AtomicU64,
    /// What may keep the flow from going on.
    pub holds: Holds,
    phase: AtomicU8,
    on_phase: OnPhase,
}

/// What is told of each new phase.
#[derive(Default)]
struct OnPhase(OnceLock<Box<dyn Fn(Phase) + Send + Sync>>);

impl fmt::Debug for OnPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnPhase")
    }
}

impl FlowCounters {
    /// All zero, for a flow without sources and with these steps: name and mode.
    pub fn new(flow: &str, steps: impl IntoIterator<Item = (String, &'static str)>) -> Arc<FlowCounters> {
        FlowCounters::with_sources(flow, 0, steps)
    }

    /// The same for a flow with as many sources.
    pub fn with_sources(
        flow: &str,
        sources: usize,
        steps: impl IntoIterator<Item = (String, &'static str)>,
    ) -> Arc<FlowCounters> {
        Arc::new(FlowCounters {
            sources: (0..sources).map(|_| SourceCounters::default()).collect(),
            flow: flow.to_owned(),
            steps: steps
                .into_iter()
                .map(|(name, mode)| (name, mode, StepCounters::default()))
                .collect(),
            received_rows: Count::default(),
            received_bytes: Count::default(),
            rows_out: Count::default(),
            dead: Count::default(),
            redriven: Count::default(),
            failed_again: Count::default(),
            letters_dropped: Count::default(),
            letters_expired: Count::default(),
            letters: AtomicU64::new(0),
            decode_errors: Count::default(),
            acked: Count::default(),
            cuts: Count::default(),
            batches: Durations::default(),
            cut_durations: Durations::default(),
            inflight_bytes: AtomicU64::new(0),
            inflight_rows: AtomicU64::new(0),
            parked: AtomicU64::new(0),
            state_keys: AtomicU64::new(0),
            holds: Holds::default(),
            phase: AtomicU8::new(Phase::Waiting as u8),
            on_phase: OnPhase::default(),
        })
    }

    /// Counts a batch that came in from source `i`.
    pub fn receive(&self, i: usize, rows: u64, bytes: u64) {
        self.received_rows.add(rows);
        self.received_bytes.add(bytes);
        if let Some(source) = self.sources.get(i) {
            source.rows.add(rows);
            source.bytes.add(bytes);
        }
    }

    /// The newest event time of any source that has been settled, in milliseconds since 1970; 0 when there is none.
    pub fn event_time_ms(&self) -> u64 {
        let times = self
            .sources
            .iter()
            .map(|source| source.event_time_ms.load(Relaxed));
        times.max().unwrap_or(0)
    }

    /// The counters of step `i`.
    ///
    /// # Panics
    /// If the flow has no such step.
    #[inline]
    pub fn step(&self, i: usize) -> &StepCounters {
        &self.steps[i].2
    }

    /// Where the flow is in its life.
    pub fn phase(&self) -> Phase {
        match Phase::ALL[usize::from(self.phase.load(SeqCst))] {
            Phase::Running if self.holds.any(HeldBy::Budget) || self.holds.any(HeldBy::Letters) => {
                Phase::Paused
            }
            phase => phase,
        }
    }

    /// Moves the flow on to another phase.
    pub fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, SeqCst);
        if let Some(tell) = self.on_phase.0.get() {
            tell(phase);
        }
    }

    /// Tells `tell` of each phase from now on, before the flow goes on. Only the first one that asks is told.
    pub fn on_phase(&self, tell: impl Fn(Phase) + Send + Sync + 'static) {
        // A second listener is not an error, it is just not told.
        let _ = self.on_phase.0.set(Box::new(tell));
    }

    /// Rows that left at any step for this reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.steps
            .iter()
            .map(|(_, _, step)| step.dropped[reason as usize].get())
            .sum()
    }

    /// Rows that left at any step for any reason, dead letters not counted.
    pub fn all_dropped(&self) -> u64 {
        DropReason::ALL.iter().map(|reason| self.dropped(*reason)).sum()
    }
}
