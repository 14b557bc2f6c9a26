//! Writes a configuration as files that read as the same configuration.

mod emit;

use crate::{CheckedConf, FileText, FlowConf, GlobalConf, Node, Place};

use self::emit::emit;

/// The configuration as files, named as KisFlow names its exports: `flow-NAME.yml`, `func-NAME.yml`, `conn-NAME.yml`.
///
/// What equals its default is left out. Looked-up texts are written as their `${..}`, never as their values.
pub fn export(conf: &CheckedConf) -> Vec<FileText> {
    let global = GlobalConf {
        place: Place::in_code(),
        ..conf.global.clone()
    };
    let mut files = Vec::new();
    if conf.global.write() != GlobalConf::default().write() {
        files.push(file("global.yml".to_owned(), &[global.write()]));
    }
    files.extend(
        conf.functions
            .iter()
            .map(|func| file(format!("func-{}.yml", func.name.value), &[func.write()])),
    );
    files.extend(
        conf.conns
            .iter()
            .map(|conn| file(format!("conn-{}.yml", conn.name.value), &[conn.write()])),
    );
    files.extend(conf.flows.iter().map(export_flow));
    files.extend(
        conf.jobs
            .iter()
            .map(|job| file(format!("job-{}.yml", job.name.value), &[job.write()])),
    );
    if !conf.tests.is_empty() {
        let tests: Vec<Node> = conf.tests.iter().map(crate::TestDoc::write).collect();
        files.push(file("tests.yml".to_owned(), &tests));
    }
    files
}

/// One flow with its sources as a file.
pub fn export_flow(flow: &FlowConf) -> FileText {
    let documents: Vec<Node> = std::iter::once(flow.write())
        .chain(flow.sources.iter().map(crate::SourceConf::write))
        .collect();
    file(format!("flow-{}.yml", flow.name.value), &documents)
}

fn file(name: String, documents: &[Node]) -> FileText {
    let texts: Vec<String> = documents.iter().map(emit).collect();
    FileText {
        name,
        text: texts.join("---\n"),
    }
}
