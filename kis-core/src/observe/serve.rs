//! The HTTP endpoints that only read: metrics and the probes, with reasons.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{FlowCounters, Metrics, Phase};

/// Why the endpoints cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be read.
    #[error(
        "{0} is no address to listen at; write HOST:PORT, as 127.0.0.1:9464, or a port alone for this machine only"
    )]
    NoAddress(String),
    /// Another program listens there.
    #[error("{0} is in use by another program; stop it, or listen at another port")]
    InUse(String),
    /// The system refuses.
    #[error("cannot listen at {address}: {error}")]
    Refused {
        /// The address.
        address: String,
        /// What the system says.
        error: io::Error,
    },
}

/// An open port that answers once it is [spawned](Listener::spawn).
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

/// The endpoints while they answer; dropping it closes them.
#[derive(Debug)]
pub struct Serving(JoinHandle<()>);

impl Listener {
    /// Opens a port: `HOST:PORT`, or `PORT` or `:PORT` for this machine only.
    ///
    /// # Errors
    /// If it is no address or cannot be opened.
    pub async fn bind(address: &str) -> Result<Listener, ServeError> {
        let address = with_host(address).ok_or_else(|| ServeError::NoAddress(address.to_owned()))?;
        let listener = TcpListener::bind(&*address)
            .await
            .map_err(|error| match error.kind() {
                io::ErrorKind::AddrInUse => ServeError::InUse(address.clone()),
                _ => ServeError::Refused {
                    address: address.clone(),
                    error,
                },
            })?;
        let bound = listener
            .local_addr()
            .map_err(|error| ServeError::Refused { address, error })?;
        Ok(Listener {
            listener,
            address: bound,
        })
    }

    /// The address it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the returned value is dropped: `/metrics`, `/livez`, `/readyz`, `/startupz`.
    pub fn spawn(self, metrics: Arc<Metrics>) -> Serving {
        let router = Router::new()
            .route("/metrics", get(scrape))
            .route("/livez", get(|state| probe(state, Probe::Live)))
            .route("/readyz", get(|state| probe(state, Probe::Ready)))
            .route("/startupz", get(|state| probe(state, Probe::Started)))
            .with_state(metrics);
        Serving(tokio::spawn(async move {
            if let Err(error) = axum::serve(self.listener, router).await {
                tracing::error!("the HTTP endpoints are gone: {error}");
            }
        }))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Without a host nobody outside this machine can reach the port.
fn with_host(address: &str) -> Option<String> {
    let address = address.trim();
    let (host, port) = address.rsplit_once(':').unwrap_or(("", address));
    let port: u16 = port.parse().ok()?;
    Some(match host {
        "" => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port).to_string(),
        host => format!("{host}:{port}"),
    })
}

async fn scrape(State(metrics): State<Arc<Metrics>>) -> Response {
    ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], metrics.encode()).into_response()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// The process answers.
    Live,
    /// Every flow works or is through.
    Ready,
    /// Every flow has been started.
    Started,
}

/// What a probe answers.
#[derive(Serialize)]
struct Answer<'a> {
    ok: bool,
    reasons: Vec<String>,
    flows: Vec<FlowState<'a>>,
}

#[derive(Serialize)]
struct FlowState<'a> {
    flow: &'a str,
    state: &'static str,
}

async fn probe(State(metrics): State<Arc<Metrics>>, probe: Probe) -> Response {
    let flows = metrics.flows().iter().map(|flow| &*flow.counters);
    let answer = answer(probe, flows);
    let status = if answer.ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    match serde_json::to_string(&answer) {
        Ok(body) => (status, [(CONTENT_TYPE, "application/json")], body + "\n").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn answer<'a>(probe: Probe, flows: impl Iterator<Item = &'a FlowCounters>) -> Answer<'a> {
    let mut answer = Answer {
        ok: true,
        reasons: Vec::new(),
        flows: Vec::new(),
    };
    for counters in flows {
        let (flow, phase) = (counters.flow.as_str(), counters.phase());
        answer.flows.push(FlowState {
            flow,
            state: phase.as_str(),
        });
        let holds = counters.holds.now();
        let held = holds.iter().filter_map(|hold| hold.show());
        // What holds up a flow that is through holds up nobody.
        let held = held.filter(|_| probe == Probe::Ready && !matches!(phase, Phase::Ended | Phase::Failed));
        let reasons = against(probe, phase).map(str::to_owned).into_iter().chain(held);
        answer
            .reasons
            .extend(reasons.map(|reason| format!("flow {flow} {reason}")));
    }
    answer.ok = answer.reasons.is_empty();
    answer
}

/// What speaks against a probe's yes.
fn against(probe: Probe, phase: Phase) -> Option<&'static str> {
    match (probe, phase) {
        (Probe::Live, _) | (_, Phase::Running | Phase::Paused | Phase::Ended) => None,
        (Probe::Ready | Probe::Started, Phase::Waiting) => Some("waits for the flows of its `after`"),
        (Probe::Ready | Probe::Started, Phase::Starting) => Some("is opening its sources and connectors"),
        (Probe::Started, Phase::Draining | Phase::Failed) => None,
        (Probe::Ready, Phase::Draining) => Some("is draining and takes no more rows"),
        (Probe::Ready, Phase::Failed) => Some("has failed; the log says why"),
    }
}

#[cfg(test)]
mod tests;
