//! A configuration whose parts fit, as far as that can be told without the Rust functions.

use crate::{ConnConf, FileText, FlowConf, FunctionDoc, GlobalConf, JobDoc, Problem, TestDoc};

/// What [`check`](crate::check()) hands on: names are unique, what is named exists, every default is filled in.
#[derive(Clone, Debug, Default)]
pub struct CheckedConf {
    /// The flows, those that are off too.
    pub flows: Vec<FlowConf>,
    /// The connectors.
    pub conns: Vec<ConnConf>,
    /// The func documents; what they say is already in the steps.
    pub functions: Vec<FunctionDoc>,
    /// The settings of the program.
    pub global: GlobalConf,
    /// The jobs.
    pub jobs: Vec<JobDoc>,
    /// The tests.
    pub tests: Vec<TestDoc>,
    /// The texts that were read.
    pub files: Vec<FileText>,
    /// What is probably not meant, but does no harm.
    pub warnings: Vec<Problem>,
}

impl CheckedConf {
    /// The flow of this name.
    pub fn flow(&self, name: &str) -> Option<&FlowConf> {
        self.flows.iter().find(|flow| flow.name.value == name)
    }

    /// The connector of this name.
    pub fn conn(&self, name: &str) -> Option<&ConnConf> {
        self.conns.iter().find(|conn| conn.name.value == name)
    }
}
