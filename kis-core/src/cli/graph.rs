//! `graph`: draws the flows.

use kis_conf::suggest::did_you_mean;

use super::{
    App, Exit,
    args::{Common, Graph as Options, GraphFormat},
    load::load,
    streams::Streams,
};
use crate::{flow::Plan, graph::Graph};

/// Draws all flows, or one.
pub(super) fn graph(app: &App, common: &Common, options: &Options, streams: &mut Streams) -> Exit {
    let loaded = match load(app, common, streams) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    if let Some(name) = &options.flow
        && let Err(unknown) = known(&loaded.plan, name)
    {
        streams.error(unknown);
        return Exit::Usage;
    }
    let graph = Graph::of(&loaded.plan, options.flow.as_deref());
    streams.result(&match options.format {
        GraphFormat::Mermaid => graph.mermaid(),
        GraphFormat::Dot => graph.dot(),
        GraphFormat::Svg => graph.svg(),
    })
}

/// Whether a plan has a flow of this name that is on.
///
/// # Errors
/// What to say if it has not.
pub(super) fn known(plan: &Plan, name: &str) -> Result<(), String> {
    if plan.flows.iter().any(|flow| *flow.name == *name) {
        return Ok(());
    }
    if plan.off.iter().any(|off| off == name) {
        return Err(format!("flow {name} is turned off by `status: 0`"));
    }
    let known: Vec<&str> = plan.flows.iter().map(|flow| &*flow.name).collect();
    Err(format!("unknown flow {name}; {}", did_you_mean(name, &known)))
}
