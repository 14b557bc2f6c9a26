//! The connectors of a plan: opened once, and brought to where a flow's last cut left them.

use std::{path::Path, sync::Arc};

use kis_conn::{AnyConnector, RawConnSpec, store::Store};

use super::{
    ask::{ask, at},
    fault::Fault,
    flow::Environment,
};
use crate::flow::{FlowPlan, Plan};

/// The connectors of a plan, opened, by their number.
pub(crate) type OpenConns = Arc<[(Arc<str>, Arc<dyn AnyConnector>)]>;

/// Opens the connectors of a plan. One that is not available is tried again until it is.
pub(crate) async fn open_conns(plan: &Plan, store: &Store, base: &Path) -> Result<OpenConns, Fault> {
    let mut conns = Vec::with_capacity(plan.conns.len());
    for conn in &plan.conns {
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
        let opened = ask(&format!("connector {}", conn.name), || (conn.info.open)(spec())).await;
        let opened = opened.map_err(|error| {
            let place = conn.conf.as_ref().map(|conf| format!("{}: ", conf.name.place));
            Fault::new(
                "conn",
                format_args!("{}connector {}: {error}", place.unwrap_or_default(), conn.name),
            )
        })?;
        conns.push((Arc::clone(&conn.name), opened));
    }
    Ok(conns.into())
}

/// Takes back in every connector of the flow what its last cut does not cover.
pub(super) async fn restore_conns(
    plan: &FlowPlan,
    store: &Store,
    open: &OpenConns,
) -> Result<Vec<(String, Arc<dyn AnyConnector>)>, Fault> {
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
        let (name, conn) = &open[conn];
        let note = notes
            .iter()
            .find(|(of, _)| **of == **name)
            .map(|(_, note)| note.as_slice());
        let whom = format!("connector {name}");
        let restored = ask(&whom, || conn.restore(note)).await;
        restored.map_err(|error| at(&whom, error))?;
        conns.push((name.to_string(), Arc::clone(conn)));
    }
    Ok(conns)
}

/// Lets the connectors of a flow take back what it wrote, before its notes are forgotten.
pub(super) async fn begin_anew(plan: &FlowPlan, env: &Environment) -> Result<(), Fault> {
    let notes = env
        .store
        .notes(&plan.name)
        .map_err(|error| Fault::new("store", error))?;
    for (name, note) in notes {
        if let Some((_, conn)) = env.conns.iter().find(|(of, _)| **of == *name) {
            let whom = format!("connector {name}");
            let begun = ask(&whom, || conn.fresh(&note)).await;
            begun.map_err(|error| at(&whom, error))?;
        }
    }
    Ok(())
}
