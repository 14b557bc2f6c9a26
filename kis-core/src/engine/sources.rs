//! The sources of a flow: opened for its readers, or alone to be looked at while the flow is stopped.

use std::{path::Path, sync::Arc};

use kis_conn::{AnyConnector, BatchLimit, Next, Partition, Position, Source, SourceSpec, store::Store};

use super::{
    around::system_clock,
    ask::{ask, at},
    conns::open_conns,
    fault::Fault,
    flow::Environment,
};
use crate::flow::{FlowPlan, Plan, SourcePlan};

/// Opens the sources of a flow.
pub(super) async fn open_all(plan: &FlowPlan, env: &Environment) -> Result<Vec<Arc<dyn Source>>, Fault> {
    let mut sources = Vec::with_capacity(plan.sources.len());
    for source in &plan.sources {
        let conn = source.conn.map(|conn| Arc::clone(&env.conns[conn].conn));
        sources.push(open(source, conn, &env.base).await?);
    }
    Ok(sources)
}

/// Opens one source of a plan alone, with the connectors if it reads from one.
pub(crate) async fn open_alone(
    plan: &Plan,
    source: &SourcePlan,
    store: &Store,
    base: &Path,
) -> Result<Arc<dyn Source>, Fault> {
    let conn = match source.conn {
        Some(conn) => Some(Arc::clone(
            &open_conns(plan, store, base, &system_clock(), &[]).await?[conn].conn,
        )),
        None => None,
    };
    open(source, conn, base).await
}

async fn open(
    source: &SourcePlan,
    conn: Option<Arc<dyn AnyConnector>>,
    base: &Path,
) -> Result<Arc<dyn Source>, Fault> {
    let conf = &source.conf;
    let spec = SourceSpec {
        name: source.name.to_string(),
        place: conf.place.clone(),
        key: conf.key.as_ref().map(|key| key.value.clone()),
        format: conf.format.as_ref().map(|format| format.value),
        params: conf.params.clone(),
        start: conf.start,
        base: base.to_owned(),
        conn,
    };
    let whom = format!("source {}", source.name);
    let opened = ask(&whom, None, || (source.info.open)(spec.clone())).await;
    opened.map_err(|error| {
        Fault::new(
            "source",
            format_args!("{}: source {}: {error}", conf.place, source.name),
        )
    })
}

/// The partitions of each source.
pub(super) async fn all_partitions(
    plan: &FlowPlan,
    sources: &[Arc<dyn Source>],
) -> Result<Vec<Vec<Partition>>, Fault> {
    let mut all = Vec::with_capacity(sources.len());
    for (source, of) in sources.iter().zip(&plan.sources) {
        all.push(partitions(of, &**source).await?);
    }
    Ok(all)
}

/// The partitions that a source has now.
pub(crate) async fn partitions(of: &SourcePlan, source: &dyn Source) -> Result<Vec<Partition>, Fault> {
    let whom = format!("source {}", of.name);
    let found = ask(&whom, None, || source.partitions()).await;
    found.map_err(|error| at(&whom, error))
}

/// The position behind the last row of a partition that ends. Reads everything behind `from`; nothing if there is no
/// row.
pub(crate) async fn end(
    of: &SourcePlan,
    source: &dyn Source,
    partition: &Partition,
    from: Option<&Position>,
) -> Result<Option<Position>, Fault> {
    let whom = format!("source {}", of.name);
    let reader = ask(&whom, None, || source.read(partition, from)).await;
    let mut reader = reader.map_err(|error| at(&whom, error))?;
    let mut end = None;
    loop {
        match reader.next(BatchLimit::default()).await {
            Ok(Next::Block(block)) => end = Some(block.after),
            Ok(Next::Ended) => return Ok(end),
            Err(error) => return Err(at(&whom, error)),
        }
    }
}
