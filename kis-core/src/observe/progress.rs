//! How far flows are: live lines on a terminal, log lines elsewhere.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use super::{
    FlowCounters, HeldBy, Phase, Screen,
    show::{self, count},
};

/// Live lines are not drawn before a run has taken this long: short runs only show their summary.
const PATIENCE: Duration = Duration::from_millis(400);

/// The rate is that of this last time.
const WINDOW: Duration = Duration::from_secs(3);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// A line per flow on a terminal, drawn again ten times a second.
    Live,
    /// A log line per running flow every ten seconds.
    Logged,
    /// Not at all.
    Never,
}

/// The progress of the flows of a process. Whoever runs them calls [`Progress::tick`] as often as
/// [`Progress::every`] says.
#[derive(Debug)]
pub struct Progress {
    show: Show,
    screen: Screen,
    flows: Vec<FlowProgress>,
    started: Instant,
}

#[derive(Debug)]
struct FlowProgress {
    counters: Arc<FlowCounters>,
    /// Rows in at moments of the last few seconds.
    samples: VecDeque<(Instant, u64)>,
}

/// What one line says.
struct Line<'a> {
    flow: &'a str,
    phase: &'static str,
    numbers: [String; 5],
    /// What it waits for, and rows that wait for a retry.
    waits: String,
}

/// The most telling first: a narrow terminal cuts the last.
const UNITS: [&str; 5] = [" in", "/s", " out", " dropped", " dead"];

impl Progress {
    /// Shows the progress of these flows on `screen`, from `now` on.
    pub fn new(counters: &[Arc<FlowCounters>], show: Show, screen: Screen, now: Instant) -> Progress {
        if show == Show::Live {
            for flow in counters {
                let screen = screen.clone();
                // A flow that finishes may print its report, and live lines must be gone before it does.
                flow.on_phase(move |phase| {
                    if phase == Phase::Draining {
                        screen.clear();
                    }
                });
            }
        }
        let flows = counters.iter().map(|counters| FlowProgress {
            counters: Arc::clone(counters),
            samples: VecDeque::from([(now, counters.received_rows.get())]),
        });
        Progress {
            show,
            flows: flows.collect(),
            screen,
            started: now,
        }
    }

    /// How often it wants to be called.
    pub fn every(&self) -> Duration {
        match self.show {
            Show::Live => Duration::from_millis(100),
            Show::Logged => Duration::from_secs(10),
            Show::Never => Duration::from_secs(3_600),
        }
    }

    /// Shows how far the flows are.
    pub fn tick(&mut self, now: Instant) {
        self.flows.iter_mut().for_each(|flow| flow.sample(now));
        match self.show {
            Show::Never => {}
            Show::Logged => self.flows.iter().for_each(|flow| flow.log(now)),
            Show::Live if now.duration_since(self.started) < PATIENCE => {}
            Show::Live => self.screen.draw(|| {
                if self
                    .flows
                    .iter()
                    .any(|flow| flow.counters.phase() == Phase::Draining)
                {
                    return Vec::new();
                }
                let lines: Vec<Line<'_>> = self.flows.iter().map(|flow| flow.line(now)).collect();
                aligned(&lines)
            }),
        }
    }

    /// Takes live lines away; the summary says the rest.
    pub fn finish(&self) {
        self.screen.clear();
    }
}

impl FlowProgress {
    fn sample(&mut self, now: Instant) {
        self.samples.push_back((now, self.counters.received_rows.get()));
        while self.samples.len() > 2
            && self
                .samples
                .get(1)
                .is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW)
        {
            self.samples.pop_front();
        }
    }

    /// Rows per second lately; nothing for a flow that takes no rows now.
    fn rate(&self, now: Instant) -> Option<String> {
        let (at, before) = self.samples.front()?;
        let rows = self.counters.received_rows.get().saturating_sub(*before);
        let running = matches!(
            self.counters.phase(),
            Phase::Running | Phase::Paused | Phase::Draining
        );
        running.then(|| show::rate(rows, now.duration_since(*at)))
    }

    fn line(&self, now: Instant) -> Line<'_> {
        let counters = &self.counters;
        let numbers = [
            count(counters.received_rows.get()),
            self.rate(now).unwrap_or_else(|| "-".to_owned()),
            count(counters.rows_out.get()),
            count(counters.all_dropped()),
            count(counters.dead.get()),
        ];
        Line {
            flow: &counters.flow,
            phase: counters.phase().as_str(),
            numbers,
            waits: self.waits(),
        }
    }

    /// What the flow waits for, with the rows that wait for a retry; empty while it waits for nothing.
    fn waits(&self) -> String {
        let mut parts = Vec::new();
        let parked = self.counters.parked.load(Relaxed);
        if parked > 0 {
            parts.push(format!("{} parked", count(parked)));
        }
        for hold in self.counters.holds.now() {
            parts.push(match hold.by {
                HeldBy::Conn => format!("waits for {}", hold.what),
                HeldBy::Store => "waits for the embedded store".to_owned(),
                HeldBy::Budget => format!("too many rows fail at {}", hold.what),
                HeldBy::Hang => format!("hangs in {}", hold.what),
                HeldBy::Threads => "waits for threads".to_owned(),
                HeldBy::Letters => "no room for dead letters".to_owned(),
                HeldBy::Stuck => "settles nothing".to_owned(),
            });
        }
        parts.join(", ")
    }

    fn log(&self, now: Instant) {
        let counters = &self.counters;
        let Some(rate) = self.rate(now) else { return };
        let waits = self.waits();
        let waits = (!waits.is_empty()).then_some(waits);
        tracing::info!(
            flow = %counters.flow,
            rows_in = counters.received_rows.get(),
            rows_out = counters.rows_out.get(),
            dead = counters.dead.get(),
            dropped = counters.all_dropped(),
            waits,
            "{rate} rows/s"
        );
    }
}

fn aligned(lines: &[Line<'_>]) -> Vec<String> {
    let widest = |text: &dyn Fn(&Line<'_>) -> usize| lines.iter().map(text).max().unwrap_or(0);
    let name = widest(&|line| console::measure_text_width(line.flow));
    let phase = widest(&|line| line.phase.len());
    let widths: Vec<usize> = (0..UNITS.len())
        .map(|i| widest(&|line| line.numbers[i].len()))
        .collect();
    lines
        .iter()
        .map(|line| {
            let pad = " ".repeat(name - console::measure_text_width(line.flow));
            let mut text = format!("  {}{pad}  {:phase$}", line.flow, line.phase);
            for ((number, unit), width) in line.numbers.iter().zip(UNITS).zip(&widths) {
                text.push_str(&format!("  {number:>width$}{unit}"));
            }
            if !line.waits.is_empty() {
                text.push_str("  ");
                text.push_str(&line.waits);
            }
            text
        })
        .collect()
}

#[cfg(test)]
mod tests;
