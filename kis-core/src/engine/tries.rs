//! How often and how long rows have been tried, and when they are tried next.

use std::time::{Duration, Instant};

use kis_conf::RetryPolicy;

use crate::flow::StepPlan;

/// How often and how long a call has been tried.
#[derive(Clone, Debug)]
pub(super) struct Tries {
    pub(super) attempt: u32,
    backoff: Duration,
    /// When the first of them failed, in this process: how long rows wait does not depend on what the clock says.
    failing: Option<Instant>,
}

impl Tries {
    /// The first try.
    pub(super) fn first(plan: &StepPlan) -> Tries {
        Tries {
            attempt: 1,
            backoff: plan.on_error.retry.backoff.from,
            failing: None,
        }
    }

    /// No try yet.
    pub(super) fn none() -> Tries {
        Tries::spent(0, Duration::ZERO)
    }

    /// So many tries; the next wait is `backoff`.
    pub(super) fn spent(attempt: u32, backoff: Duration) -> Tries {
        Tries {
            attempt,
            backoff,
            failing: None,
        }
    }

    /// How long to wait for the next try, and the tries with the longer wait after it.
    pub(super) fn later(&self, retry: &RetryPolicy) -> (Tries, Duration) {
        let wait = self.backoff.clamp(retry.backoff.from, retry.backoff.to);
        let tries = Tries {
            backoff: (wait * 2).min(retry.backoff.to),
            failing: self.failing.or_else(|| Some(Instant::now())),
            ..self.clone()
        };
        (tries, wait)
    }

    /// Whether rows have been tried for longer than this.
    pub(super) fn last_longer_than(&self, time: Duration) -> bool {
        self.failing.is_some_and(|since| since.elapsed() > time)
    }
}
