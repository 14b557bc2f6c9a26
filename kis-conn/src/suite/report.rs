//! What the suite says: which checks passed, which could not be made, and which contract is broken how.

use std::fmt;
use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::{ConnError, OpenError};

/// The result of the suite. [`assert_passed`](Report::assert_passed) makes a test of it.
#[must_use = "a report that nobody looks at lets everything pass"]
#[derive(Clone, Debug, Default)]
pub struct Report {
    passed: Vec<&'static str>,
    skipped: Vec<(&'static str, &'static str)>,
    broken: Vec<Broken>,
}

/// A contract that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The name of the check.
    pub check: &'static str,
    /// What is asked of everybody.
    pub contract: &'static str,
    /// What was found instead.
    pub found: String,
}

impl Report {
    /// The names of the checks that passed.
    pub fn passed(&self) -> &[&'static str] {
        &self.passed
    }

    /// The checks that could not be made, and why.
    pub fn skipped(&self) -> &[(&'static str, &'static str)] {
        &self.skipped
    }

    /// Every contract that is broken.
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// Does nothing if no contract is broken.
    ///
    /// # Panics
    /// With each broken contract, its check and what was found.
    pub fn assert_passed(&self) {
        assert!(self.broken.is_empty(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (broken, all) = (self.broken.len(), self.broken.len() + self.passed.len());
        write!(f, "{broken} of {all} contracts broken")?;
        self.broken.iter().try_for_each(|broken| write!(f, "\n{broken}"))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken {
            check,
            contract,
            found,
        } = self;
        write!(f, "{check}: {contract}\n    found: {found}")
    }
}

/// Why a check did not pass.
pub(super) enum Stop {
    Broken(String),
    /// It cannot be made here.
    Skip(&'static str),
}

pub(super) type Verdict<T = ()> = Result<T, Stop>;

/// The contract is broken in this way, unless `holds`.
pub(super) fn ensure(holds: bool, found: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Stop::Broken(found())) }
}

/// Says what was being done when something failed.
pub(super) trait During<T> {
    fn during(self, what: &str) -> Verdict<T>;
}

impl<T> During<T> for Result<T, ConnError> {
    fn during(self, what: &str) -> Verdict<T> {
        self.map_err(|error| Stop::Broken(format!("{what} failed: {}", shown(&error))))
    }
}

impl<T> During<T> for Result<T, OpenError> {
    fn during(self, what: &str) -> Verdict<T> {
        self.map_err(|error| Stop::Broken(format!("{what} failed: {error}")))
    }
}

/// An error with its class and code.
pub(super) fn shown(error: &ConnError) -> String {
    format!("{} ({}): {}", error.class, error.code, error.message)
}

/// Runs checks and notes how they end.
pub(super) struct Checks {
    pub(super) report: Report,
    /// How long one call may take.
    pub(super) patience: Duration,
}

impl Checks {
    pub(super) fn new(patience: Duration) -> Self {
        Checks {
            report: Report::default(),
            patience,
        }
    }

    pub(super) async fn check(
        &mut self,
        name: &'static str,
        contract: &'static str,
        work: impl Future<Output = Verdict>,
    ) {
        let patience = self.patience * 5;
        let verdict = within(patience, work).await.unwrap_or_else(|| {
            Err(Stop::Broken(format!(
                "the check is not done after {patience:?}: a call waits that should be done by now"
            )))
        });
        match verdict {
            Ok(()) => self.report.passed.push(name),
            Err(Stop::Skip(why)) => self.report.skipped.push((name, why)),
            Err(Stop::Broken(found)) => self.report.broken.push(Broken {
                check: name,
                contract,
                found,
            }),
        }
    }
}

/// Gives up after some time of the wall clock: the runtime's own may be one of a test that jumps.
pub(super) async fn within<T>(patience: Duration, work: impl Future<Output = T>) -> Option<T> {
    let (_done, wait) = channel::<()>();
    let (late, is_late) = oneshot::channel();
    thread::spawn(move || {
        if wait.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            // The work may have ended in this very moment.
            let _ = late.send(());
        }
    });
    tokio::select! {
        biased;
        done = work => Some(done),
        Ok(()) = is_late => None,
    }
}
