//! The breaker of a connector: the first call that finds it unavailable makes all others wait, and one of them tries
//! when it is there again.

use std::{sync::Arc, time::Duration};

use kis_conn::{AnyConnector, BoxFuture, ConnError, ErrorClass};
use tokio::sync::watch;

use super::{
    around::{Clock, Stop},
    gate::{Gate, Turn},
};
use crate::observe::{HeldBy, Hold};

/// How far apart the tries are, at first and at the most.
const TRIES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// How long a connector may take to say that it is there.
const PING: Duration = Duration::from_secs(10);

/// The breaker of one open connector, or of what a step without connectors needs. All flows and lanes share it.
pub(crate) struct Breaker {
    /// What is waited for, and since when.
    hold: Arc<Hold>,
    conn: Option<Arc<dyn AnyConnector>>,
    clock: Clock,
    gate: Gate,
}

/// The one call that is made while a breaker is open, to see whether it may close. Dropped without a word it leaves
/// the breaker open, and another one tries.
#[derive(Debug)]
pub(super) struct Trial {
    breaker: Arc<Breaker>,
    turn: Turn,
}

/// Whoever waited was told to stop.
#[derive(Debug)]
pub(super) struct Stopped;

impl Breaker {
    /// The breaker of a connector.
    pub(super) fn of_conn(hold: Arc<Hold>, conn: Arc<dyn AnyConnector>, clock: Clock) -> Arc<Breaker> {
        Breaker::new(hold, Some(conn), clock)
    }

    /// The breaker of a step that has no connector and still says that something is not available.
    pub(super) fn of_step(step: &str, clock: Clock) -> Arc<Breaker> {
        let hold = Hold::new(HeldBy::Conn, format!("what step {step} needs"));
        Breaker::new(hold, None, clock)
    }

    fn new(hold: Arc<Hold>, conn: Option<Arc<dyn AnyConnector>>, clock: Clock) -> Arc<Breaker> {
        Arc::new(Breaker {
            hold,
            conn,
            clock,
            gate: Gate::new(TRIES.0, TRIES.1),
        })
    }

    /// What readiness and metrics look at.
    pub(super) fn hold(&self) -> &Arc<Hold> {
        &self.hold
    }

    /// Whether a call has to wait.
    pub(super) fn is_open(&self) -> bool {
        self.gate.is_shut()
    }

    /// A call found the connector unavailable: from now on all wait.
    pub(super) fn open(&self, code: &str, message: &str) {
        let mut began = false;
        self.gate
            .set(true, || began = self.hold.begin(message, (self.clock)()));
        if began {
            tracing::warn!(
                code,
                "{}: {message}; everything that needs it waits",
                self.hold.what
            );
        }
    }

    /// Waits until the connector is there again, or until the caller's call is the one that tries it.
    ///
    /// # Errors
    /// If the flow is asked to stop as much as `until`.
    pub(super) async fn pass(
        self: &Arc<Self>,
        stop: &watch::Receiver<Stop>,
        until: Stop,
    ) -> Result<Option<Trial>, Stopped> {
        if !self.is_open() {
            return Ok(None);
        }
        let mut stop = stop.clone();
        tokio::select! {
            biased;
            _ = asked(&mut stop, until) => Err(Stopped),
            trial = self.trial() => Ok(trial),
        }
    }

    /// Asks the connector until the answer is anything but that it is not available.
    ///
    /// # Errors
    /// If the flow is asked to stop as much as `until`; the inner error is the connector's.
    pub(super) async fn ask<'a, T>(
        self: &Arc<Self>,
        stop: &watch::Receiver<Stop>,
        until: Stop,
        mut once: impl FnMut() -> BoxFuture<'a, Result<T, ConnError>>,
    ) -> Result<Result<T, ConnError>, Stopped> {
        loop {
            let trial = self.pass(stop, until).await?;
            match once().await {
                Err(error) if error.class == ErrorClass::Unavailable => {
                    self.open(&error.code, &error.message);
                }
                answer => {
                    trial.into_iter().for_each(Trial::answered);
                    return Ok(answer);
                }
            }
        }
    }

    /// Whether the connector says itself that it is not there.
    pub(super) async fn is_away(&self) -> bool {
        self.ping().await.is_err()
    }

    /// One of those who wait asks the connector, and when it answers makes its call before all others.
    async fn trial(self: &Arc<Self>) -> Option<Trial> {
        let mut turn = self.gate.pass().await?;
        loop {
            turn.wait().await;
            match self.ping().await {
                Ok(()) => {
                    let breaker = Arc::clone(self);
                    return Some(Trial { breaker, turn });
                }
                Err(error) => {
                    tracing::debug!(code = %error.code, "{} is still away: {}", self.hold.what, error.message);
                    self.hold.begin(error.message, (self.clock)());
                }
            }
        }
    }

    async fn ping(&self) -> Result<(), ConnError> {
        let Some(conn) = &self.conn else { return Ok(()) };
        match tokio::time::timeout(PING, conn.ping()).await {
            Ok(answer) => answer,
            Err(_) => Err(ConnError::unavailable(
                "no_answer",
                format!("no answer within {PING:?}"),
            )),
        }
    }
}

impl Trial {
    /// The call was answered, whatever the answer was: everybody goes on.
    pub(super) fn answered(self) {
        let Breaker {
            hold, clock, gate, ..
        } = &*self.breaker;
        let mut since = None;
        gate.open_and(self.turn, || since = hold.end());
        if let Some(since) = since {
            let away = Duration::from_millis(clock().saturating_sub(since));
            tracing::info!("{} is there again after {away:?}", hold.what);
        }
    }
}

/// Waits until it is asked to stop this much.
pub(super) async fn asked(stop: &mut watch::Receiver<Stop>, until: Stop) {
    if stop.wait_for(|stop| *stop >= until).await.is_err() {
        // Nobody is left who could ask.
        std::future::pending::<()>().await;
    }
}

impl std::fmt::Debug for Breaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Breaker")
            .field("whom", &self.hold.what)
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}
