//! `positions`: how far the sources were read, looked at and changed while the flows are stopped.

use std::{path::Path, sync::Arc};

use clap::Subcommand;
use kis_conn::{Partition, Position, store::Store};

use super::{
    App, Exit, args::Common, graph::known, load::Loaded, refused::Refused, store::At, streams::Streams,
    table::table,
};
use crate::{
    engine::sources,
    flow::{FlowPlan, SourcePlan},
};

#[derive(Debug, Subcommand)]
pub(super) enum Positions {
    /// Show where each partition of each source stands
    Show {
        /// Only this flow
        flow: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Say where a flow goes on reading a partition
    ///
    /// State and tables of the flow stay as they are: rows that are read again count again there, and rows that are
    /// passed over are missing.
    Set {
        /// The flow
        flow: String,
        /// The source
        source: String,
        /// The partition, as `positions show` names it
        partition: String,
        /// The position, as `positions show` writes it; `start` = as if it was never read, `end` = behind the last row
        #[arg(value_name = "POSITION|start|end")]
        to: String,
        #[command(flatten)]
        at: At,
    },
}

/// Does what the command says.
pub(super) fn positions(app: &App, common: &Common, command: &Positions, streams: &mut Streams) -> Exit {
    let (Positions::Show { at, .. } | Positions::Set { at, .. }) = command;
    at.with((app, common), streams, |loaded, store| match command {
        Positions::Show { flow, .. } => show(loaded, store, flow.as_deref()),
        Positions::Set {
            flow,
            source,
            partition,
            to,
            ..
        } => Change::find(loaded, store, flow, source).and_then(|change| change.set(partition, to)),
    })
}

fn show(loaded: &Loaded, store: &Store, only: Option<&str>) -> Result<String, Refused> {
    if let Some(flow) = only {
        known(&loaded.plan, flow).map_err(Refused::usage)?;
    }
    let flows = loaded
        .plan
        .flows
        .iter()
        .filter(|flow| only.is_none_or(|name| *flow.name == *name));
    let mut rows = Vec::new();
    for flow in flows {
        for (source, partition, position) in store.positions(&flow.name)? {
            let text = match source_of(flow, &source) {
                Some(plan) => (plan.info.positions.show)(&position),
                None => format!("{} (no such source)", position.show()),
            };
            rows.push(vec![flow.name.to_string(), source, partition.to_string(), text]);
        }
    }
    rows.sort();
    Ok(table(&["flow", "source", "partition", "position"], &[], rows))
}

fn source_of<'a>(flow: &'a FlowPlan, name: &str) -> Option<&'a SourcePlan> {
    flow.sources.iter().find(|source| *source.name == *name)
}

/// A source whose position is to be changed.
struct Change<'a> {
    loaded: &'a Loaded,
    store: &'a Store,
    flow: &'a Arc<FlowPlan>,
    source: &'a SourcePlan,
}

impl<'a> Change<'a> {
    fn find(loaded: &'a Loaded, store: &'a Store, flow: &str, source: &str) -> Result<Change<'a>, Refused> {
        known(&loaded.plan, flow).map_err(Refused::usage)?;
        let found = loaded.plan.flows.iter().find(|known| *known.name == *flow);
        let flow = found.ok_or_else(|| Refused::usage(format!("unknown flow {flow}")))?;
        let names: Vec<&str> = flow.sources.iter().map(|source| &*source.name).collect();
        let source = source_of(flow, source).ok_or_else(|| {
            let what = format!("flow {} has no source {source}", flow.name);
            Refused::unknown(what, source, &names)
        })?;
        Ok(Change {
            loaded,
            store,
            flow,
            source,
        })
    }

    fn set(&self, partition: &str, to: &str) -> Result<String, Refused> {
        let stored = self.store.positions(&self.flow.name)?;
        let mut own = stored
            .into_iter()
            .filter(|(source, ..)| **source == *self.source.name);
        let before = own
            .find(|(_, known, _)| known.as_str() == partition)
            .map(|(.., position)| position);
        let text = self.source.info.positions;
        let partition = Partition::new(partition);
        let after = match to {
            "start" if before.is_some() => None,
            "end" => Some(self.end(&partition, before.as_ref())?),
            _ => {
                if before.is_none() {
                    self.opened(&partition, None)?;
                }
                match to {
                    "start" => None,
                    to => Some((text.parse)(to).map_err(|what| {
                        Refused::usage(format!(
                            "{to} is not a position of source {} of type {}: {what}",
                            self.source.name, self.source.info.kind
                        ))
                    })?),
                }
            }
        };
        self.store
            .set_position(&self.flow.name, &self.source.name, &partition, after.as_ref())?;
        let show =
            |position: Option<&Position>| position.map_or_else(|| "start".to_owned(), |at| (text.show)(at));
        Ok(format!(
            "source {} of flow {} goes on in {partition} from {}; it was {}\n",
            self.source.name,
            self.flow.name,
            show(after.as_ref()),
            show(before.as_ref())
        ))
    }

    /// The position behind the last row.
    fn end(&self, partition: &Partition, before: Option<&Position>) -> Result<Position, Refused> {
        if !self.source.info.facts.bounded {
            return Err(Refused::usage(format!(
                "source {} of type {} has no end; write a position as `positions show` does",
                self.source.name, self.source.info.kind
            )));
        }
        let end = self.opened(partition, Some(before))?;
        end.or_else(|| before.cloned())
            .ok_or_else(|| Refused::failed(format!("{partition} of source {} has no row", self.source.name)))
    }

    /// Opens the source and makes sure of the partition; reads on to its end if that is asked for.
    fn opened(
        &self,
        partition: &Partition,
        end_from: Option<Option<&Position>>,
    ) -> Result<Option<Position>, Refused> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Refused::failed(format!("the system gives no threads: {error}")))?;
        runtime.block_on(async {
            let failed = |fault: crate::engine::Fault| Refused::failed(fault.to_string());
            let source = sources::open_alone(&self.loaded.plan, self.source, self.store, Path::new("."))
                .await
                .map_err(failed)?;
            let partitions = sources::partitions(self.source, &*source).await.map_err(failed)?;
            if !partitions.contains(partition) {
                let known: Vec<&str> = partitions.iter().map(Partition::as_str).collect();
                let what = format!("source {} has no partition {partition}", self.source.name);
                return Err(Refused::unknown(what, partition.as_str(), &known));
            }
            match end_from {
                None => Ok(None),
                Some(from) => sources::end(self.source, &*source, partition, from)
                    .await
                    .map_err(failed),
            }
        })
    }
}
