//! The one helper: YAML in, a text out that says everything a run left behind.

use std::fmt::Write as _;

use kis_conf::{FileText, ReadOptions};
use kis_core::{
    conn::{
        row_as_json,
        store::{Store, show_key},
    },
    engine::{Engine, FlowEnd, RunOptions, Summary},
    flow::{Linked, Plan, bind},
    function::Exts,
    registry,
};

/// Binds `yaml` to the functions of this program, with `lanes` lanes a flow.
pub fn plan(yaml: &str, lanes: usize) -> Plan {
    let file = FileText {
        name: "conf/test.yml".to_owned(),
        text: yaml.to_owned(),
    };
    let (conf, problems) = kis_conf::read_files(vec![file], &ReadOptions::default());
    assert!(!problems.has_errors(), "{problems}");
    let conf = kis_conf::check(conf).unwrap_or_else(|problems| panic!("{problems}"));
    bind(
        &conf,
        Linked {
            functions: &registry::functions(),
            lanes,
            exts: &Exts::default(),
        },
    )
    .unwrap_or_else(|problems| panic!("{problems}"))
}

/// The problems of `yaml`, one a line.
pub fn problems(yaml: &str) -> String {
    let file = FileText {
        name: "conf/test.yml".to_owned(),
        text: yaml.to_owned(),
    };
    let (conf, problems) = kis_conf::read_files(vec![file], &ReadOptions::default());
    assert!(!problems.has_errors(), "{problems}");
    match kis_conf::check(conf) {
        Err(problems) => problems.to_string(),
        Ok(conf) => match bind(
            &conf,
            Linked {
                functions: &registry::functions(),
                lanes: 2,
                exts: &Exts::default(),
            },
        ) {
            Err(problems) => problems.to_string(),
            Ok(plan) => plan
                .warnings
                .iter()
                .map(|warning| format!("warning: {warning}\n"))
                .collect(),
        },
    }
}

/// Runs all flows of `yaml` on `store` until they end.
pub fn run(yaml: &str, lanes: usize, store: &Store) -> Summary {
    let plan = plan(yaml, lanes);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut engine = Engine::start(&plan, RunOptions::new(store.clone()))
            .await
            .unwrap();
        engine.wait().await
    })
}

/// What a run says of its flows: end and counts.
pub fn show(summary: &Summary) -> String {
    let mut out = String::new();
    for flow in &summary.flows {
        let counters = &flow.counters;
        let end = match &flow.end {
            FlowEnd::Ended => "ended".to_owned(),
            FlowEnd::NothingNew { .. } => "nothing new".to_owned(),
            FlowEnd::Drained => "drained".to_owned(),
            FlowEnd::Failed(fault) => format!("failed: {fault}"),
        };
        let dropped: u64 = kis_core::observe::DropReason::ALL
            .into_iter()
            .map(|reason| counters.dropped(reason))
            .sum();
        let (rows_in, out_rows, dead) = (
            counters.received_rows.get(),
            counters.rows_out.get(),
            counters.dead.get(),
        );
        writeln!(
            out,
            "{}: {end}, in {rows_in}, out {out_rows}, dropped {dropped}, dead {dead}",
            flow.name
        )
        .unwrap();
    }
    out
}

/// All rows of an embedded table, one a line, as JSON.
pub fn table(store: &Store, name: &str) -> String {
    let mut out = String::new();
    store
        .table_scan(name, |key, value| {
            writeln!(out, "{} {}", show_key(key), row_as_json(value).unwrap()).unwrap();
        })
        .unwrap();
    out
}

/// The dead letters of a flow: step, class, code, origin, body.
pub fn letters(store: &Store, flow: &str) -> String {
    let letters = store.letters(flow).unwrap();
    let mut lines: Vec<String> = letters
        .iter()
        .map(|letter| {
            let body = String::from_utf8_lossy(&letter.row.bytes);
            let (step, class, code) = (&letter.step, &letter.class, &letter.code);
            format!(
                "{step} {class} {code} {} {body} ({})",
                letter.origin, letter.message
            )
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

/// Runs `yaml` with one, two and five lanes, each on a store of its own, and gives what each left in `table`, the
/// dead letters of `flow` and the summary; all three must be the same.
pub fn same_in_any_lanes(yaml: &str, flow: &str, table_name: &str) -> String {
    let texts: Vec<String> = [1, 2, 5]
        .into_iter()
        .map(|lanes| {
            let store = Store::in_memory();
            let summary = run(yaml, lanes, &store);
            format!(
                "{}{}{}",
                show(&summary),
                table(&store, table_name),
                letters(&store, flow)
            )
        })
        .collect();
    assert_eq!(texts[0], texts[1], "one lane and two differ");
    assert_eq!(texts[0], texts[2], "one lane and five differ");
    texts.into_iter().next().unwrap_or_default()
}
