//! `list`: functions, flows, connectors and kinds, in tables sorted by name.

use kis_conn::{KindFeature, connector_kinds, connectors, source_kind_features, source_kinds};

use super::{
    App, Exit,
    args::Common,
    load::{Loaded, load},
    streams::Streams,
    table::table,
};
use crate::{
    flow::FlowPlan,
    function::{FunctionInfo, HandsOn, Need},
};

/// Lists what the program has.
pub(super) fn list(app: &App, common: &Common, streams: &mut Streams) -> Exit {
    match load(app, common, streams) {
        Ok(loaded) => {
            let parts = [functions(&loaded), flow_table(&loaded), conns(&loaded), kinds()];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            streams.result(&parts.join("\n"))
        }
        Err(exit) => exit,
    }
}

fn functions(loaded: &Loaded) -> String {
    let heading = [
        "function",
        "mode",
        "takes",
        "hands on",
        "connectors",
        "flows",
        "defined at",
    ];
    let rows = loaded.functions.iter().map(|function| {
        let uses = |flow: &FlowPlan| flow.steps.iter().any(|step| step.info.name == function.name);
        let flows = users(loaded, uses);
        vec![
            function.name.to_owned(),
            function.mode.as_str().to_owned(),
            takes(function),
            hands_on(function),
            conns_of(function),
            if flows.is_empty() {
                "none: orphan".to_owned()
            } else {
                flows
            },
            function.at.to_owned(),
        ]
    });
    some_table(&heading, &[], rows.collect())
}

fn takes(function: &FunctionInfo) -> String {
    let Some(row) = function.takes.row else {
        return "&Rows".to_owned();
    };
    let name = row.shape.name;
    match (function.takes.batch, function.takes.owned) {
        (false, false) => format!("&{name}"),
        (false, true) => name.to_owned(),
        (true, false) => format!("&[{name}]"),
        (true, true) => format!("Vec<{name}>"),
    }
}

fn hands_on(function: &FunctionInfo) -> String {
    match function.on {
        HandsOn::WhatCameIn => "what came in".to_owned(),
        HandsOn::Rows(row) => row.shape.name.to_owned(),
        HandsOn::Nothing => "nothing".to_owned(),
    }
}

/// The connectors that the attribute names, and the kinds of those it does not.
fn conns_of(function: &FunctionInfo) -> String {
    let kinds = function.needs.iter().filter_map(|need| match need.need {
        Need::Conn { info } => {
            let named = function
                .conns
                .iter()
                .find(|(arg, _)| arg.is_empty() || *arg == need.arg);
            Some(named.map_or_else(
                || format!("({})", info.kind),
                |(_, name)| format!("{name} ({})", info.kind),
            ))
        }
        _ => None,
    });
    kinds.collect::<Vec<_>>().join(", ")
}

fn flow_table(loaded: &Loaded) -> String {
    let mut rows: Vec<Vec<String>> = loaded.plan.flows.iter().map(|flow| flow_row(flow)).collect();
    rows.extend(
        loaded
            .plan
            .off
            .iter()
            .map(|name| vec![name.clone(), "off".to_owned()]),
    );
    rows.sort();
    some_table(
        &["flow", "status", "steps", "at end", "sources", "lanes", "after"],
        &[2, 3, 5],
        rows,
    )
}

fn flow_row(flow: &FlowPlan) -> Vec<String> {
    let sources: Vec<String> = flow
        .sources
        .iter()
        .map(|source| format!("{} ({})", source.name, source.info.kind))
        .collect();
    let after: Vec<&str> = flow.conf.after.iter().map(|name| name.value.as_str()).collect();
    vec![
        flow.name.to_string(),
        "on".to_owned(),
        flow.own().len().to_string(),
        flow.at_end().len().to_string(),
        sources.join(", "),
        flow.lanes.to_string(),
        after.join(", "),
    ]
}

fn conns(loaded: &Loaded) -> String {
    let plan = &loaded.plan;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (number, conn) in plan.conns.iter().enumerate() {
        let uses = |flow: &FlowPlan| {
            let steps = flow
                .steps
                .iter()
                .any(|step| step.conns.iter().any(|(_, conn)| *conn == number));
            steps || flow.sources.iter().any(|source| source.conn == Some(number))
        };
        let declared = conn
            .conf
            .as_ref()
            .map_or_else(|| "by its use".to_owned(), |conf| conf.name.place.to_string());
        rows.push(vec![
            conn.name.to_string(),
            conn.info.kind.to_owned(),
            users(loaded, uses),
            declared,
        ]);
    }
    let unused = loaded
        .conf
        .conns
        .iter()
        .filter(|conf| !plan.conns.iter().any(|conn| *conn.name == *conf.name.value));
    rows.extend(unused.map(|conf| {
        let texts = [conf.name.value.as_str(), conf.kind.value.as_str(), "none: orphan"];
        texts
            .map(str::to_owned)
            .into_iter()
            .chain([conf.name.place.to_string()])
            .collect()
    }));
    rows.sort();
    some_table(&["connector", "type", "flows", "declared"], &[], rows)
}

/// The names of the flows for which `uses` holds.
fn users(loaded: &Loaded, uses: impl Fn(&FlowPlan) -> bool) -> String {
    let names: Vec<&str> = loaded
        .plan
        .flows
        .iter()
        .filter(|flow| uses(flow))
        .map(|flow| &*flow.name)
        .collect();
    names.join(", ")
}

fn kinds() -> String {
    let mut rows = kind_rows(
        "source",
        source_kind_features(),
        source_kinds().iter().map(|info| info.kind).collect(),
    );
    rows.extend(kind_rows(
        "connector",
        connector_kinds(),
        connectors().iter().map(|info| info.kind).collect(),
    ));
    rows.sort();
    table(&["type", "of a", "comes with"], &[], rows)
}

/// The kinds that can be opened, and those that a feature would bring.
fn kind_rows(what: &str, features: &[KindFeature], here: Vec<&'static str>) -> Vec<Vec<String>> {
    let row = |kind: &str, with: String| vec![kind.to_owned(), what.to_owned(), with];
    let mut rows: Vec<Vec<String>> = here
        .iter()
        .map(
            |kind| match features.iter().find(|feature| feature.kind == *kind) {
                Some(KindFeature {
                    feature: Some(feature),
                    ..
                }) => row(kind, format!("feature {feature}")),
                Some(_) => row(kind, "KIS flow".to_owned()),
                None => row(kind, "this program".to_owned()),
            },
        )
        .collect();
    let off = features.iter().filter(|feature| feature.built && !feature.on);
    rows.extend(off.map(|feature| {
        row(
            feature.kind,
            format!("feature {}, which is off", feature.feature.unwrap_or("?")),
        )
    }));
    rows
}

fn some_table(heading: &[&str], right: &[usize], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        String::new()
    } else {
        table(heading, right, rows)
    }
}
