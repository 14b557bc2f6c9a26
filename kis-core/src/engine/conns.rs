//! The connectors of a plan: opened once, and brought to where a flow's last cut left them.

use std::{path::Path, sync::Arc};

use kis_conn::{AnyConnector, BoxFuture, ConnError, RawConnSpec, store::Store};
use tokio::sync::watch;

use super::{
    around::{Clock, STOPPED, Stop},
    ask::{ask, at},
    breaker::{Breaker, Stopped},
    fault::Fault,
    flow::Environment,
};
use crate::{
    flow::{FlowPlan, Plan},
    observe::{FlowCounters, HeldBy, Hold},
};

/// The connectors of a plan, opened, by their number.
pub(crate) type OpenConns = Arc<[OpenConn]>;

/// A connector that is open.
#[derive(Clone)]
pub(crate) struct OpenConn {
    pub(crate) name: Arc<str>,
    pub(crate) conn: Arc<dyn AnyConnector>,
    /// What all wait at that need it, while it is away.
    pub(crate) breaker: Arc<Breaker>,
}

/// Opens the connectors of a plan. One that is not available is tried again until it is; the flows of `counters` that
/// use it show that they wait.
pub(crate) async fn open_conns(
    plan: &Plan,
    store: &Store,
    base: &Path,
    clock: &Clock,
    counters: &[Arc<FlowCounters>],
) -> Result<OpenConns, Fault> {
    let mut conns = Vec::with_capacity(plan.conns.len());
    for (number, conn) in plan.conns.iter().enumerate() {
        let spec = || RawConnSpec {
            name: conn.name.to_string(),
            place: conn.conf.as_ref().map(|conf| conf.name.place.clone()),
            addrs: conn
                .conf
                .as_ref()
                .map(|conf| conf.addrs.iter().map(|addr| addr.value.clone()).collect())
                .unwrap_or_default(),
            key: conn
                .conf
                .as_ref()
                .and_then(|conf| conf.key.as_ref())
                .map(|key| key.value.clone()),
            params: conn
                .conf
                .as_ref()
                .map(|conf| conf.params.clone())
                .unwrap_or_default(),
            base: base.to_owned(),
            store: store.clone(),
        };
        let whom = format!("connector {}", conn.name);
        let hold = Hold::new(HeldBy::Conn, &*whom);
        let users = plan
            .flows
            .iter()
            .zip(counters)
            .filter(|(flow, _)| flow.uses(number));
        users.for_each(|(_, counters)| counters.holds.add(&hold));
        let opened = ask(&whom, Some((&hold, clock)), || (conn.info.open)(spec())).await;
        let opened = opened.map_err(|error| {
            let place = conn.conf.as_ref().map(|conf| format!("{}: ", conf.name.place));
            Fault::new(
                "conn",
                format_args!("{}connector {}: {error}", place.unwrap_or_default(), conn.name),
            )
        })?;
        conns.push(OpenConn {
            name: Arc::clone(&conn.name),
            breaker: Breaker::of_conn(hold, Arc::clone(&opened), Arc::clone(clock)),
            conn: opened,
        });
    }
    Ok(conns.into())
}

/// Takes back in every connector of the flow what its last cut does not cover.
pub(super) async fn restore_conns(
    plan: &FlowPlan,
    store: &Store,
    open: &OpenConns,
    stop: &watch::Receiver<Stop>,
) -> Result<Vec<OpenConn>, Fault> {
    let notes = store
        .notes(&plan.name)
        .map_err(|error| Fault::new("store", error))?;
    let mut used: Vec<usize> = plan
        .steps
        .iter()
        .flat_map(|step| step.conns.iter().map(|(_, conn)| *conn))
        .collect();
    used.sort_unstable();
    used.dedup();
    let mut conns = Vec::with_capacity(used.len());
    for conn in used {
        let open = &open[conn];
        let note = notes
            .iter()
            .find(|(of, _)| **of == *open.name)
            .map(|(_, note)| note.as_slice());
        open.ask(stop, || open.conn.restore(note)).await?;
        conns.push(open.clone());
    }
    Ok(conns)
}

/// Lets the connectors of a flow take back what it wrote, before its notes are forgotten.
pub(super) async fn begin_anew(
    plan: &FlowPlan,
    env: &Environment,
    stop: &watch::Receiver<Stop>,
) -> Result<(), Fault> {
    let notes = env
        .store
        .notes(&plan.name)
        .map_err(|error| Fault::new("store", error))?;
    for (name, note) in notes {
        if let Some(open) = env.conns.iter().find(|open| *open.name == *name) {
            open.ask(stop, || open.conn.fresh(&note)).await?;
        }
    }
    Ok(())
}

impl OpenConn {
    /// Asks the connector at the start of a flow, until it is there.
    async fn ask<'a, T>(
        &'a self,
        stop: &watch::Receiver<Stop>,
        once: impl FnMut() -> BoxFuture<'a, Result<T, ConnError>>,
    ) -> Result<T, Fault> {
        match self.breaker.ask(stop, Stop::Drain, once).await {
            Err(Stopped) => Err(Fault::new(STOPPED, "stopped before it had begun")),
            Ok(answer) => answer.map_err(|error| at(&format!("connector {}", self.name), error)),
        }
    }
}
