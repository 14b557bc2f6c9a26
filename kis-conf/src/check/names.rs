//! Names are unique, and what is named exists.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::suggest::did_you_mean;
use crate::{
    Code, ConnConf, FlowConf, FlowDoc, GlobalConf, JobDoc, Place, Placed, Problem, Problems, SourceConf,
    SourceFrom, TestDoc,
};

/// Looks for documents of one name.
pub(super) struct Names<'a> {
    partial: bool,
    problems: &'a mut Problems,
}

/// The names that may be referred to; nothing if some may be missing from the list.
pub(super) struct Known {
    flows: Vec<String>,
    conns: Vec<String>,
    partial: bool,
}

impl<'a> Names<'a> {
    pub(super) fn new(partial: bool, problems: &'a mut Problems) -> Self {
        Self { partial, problems }
    }

    pub(super) fn problems(&mut self) -> &mut Problems {
        self.problems
    }

    /// The documents sorted by name, the first of each name alone.
    pub(super) fn unique<T>(
        &mut self,
        what: &str,
        documents: Vec<T>,
        name: impl Fn(&T) -> &Placed<String>,
    ) -> Vec<T> {
        let mut first: HashMap<String, Place> = HashMap::new();
        let mut kept = Vec::with_capacity(documents.len());
        for document in documents {
            let this = name(&document);
            match first.entry(this.value.clone()) {
                Entry::Vacant(slot) => {
                    slot.insert(this.place.clone());
                    kept.push(document);
                }
                Entry::Occupied(slot) => self.problems.push(twice(what, this, slot.get())),
            }
        }
        kept.sort_by(|a, b| name(a).value.cmp(&name(b).value));
        kept
    }

    /// Tests need no name, but those that have one have their own.
    pub(super) fn tests(&mut self, tests: &[TestDoc]) {
        let mut first: HashMap<&str, &Place> = HashMap::new();
        for name in tests.iter().filter_map(|test| test.name.as_ref()) {
            match first.entry(name) {
                Entry::Vacant(slot) => _ = slot.insert(&name.place),
                Entry::Occupied(slot) => self.problems.push(twice("test", name, slot.get())),
            }
        }
    }

    /// There is one set of settings.
    pub(super) fn global(&mut self, globals: Vec<GlobalConf>) -> GlobalConf {
        let mut globals = globals.into_iter();
        let Some(global) = globals.next() else {
            return GlobalConf::default();
        };
        for other in globals {
            let problem = Problem::error(
                Code::DuplicateName,
                &other.place,
                "there are two global documents",
            );
            let help = format!("put all settings into the one at {}", global.place);
            self.problems.push(
                problem
                    .label("another one")
                    .help(help)
                    .note(&global.place, "the first one"),
            );
        }
        global
    }

    pub(super) fn known(&self, flows: &[FlowDoc], conns: &[ConnConf]) -> Known {
        Known {
            flows: flows.iter().map(|flow| flow.name.value.clone()).collect(),
            conns: conns.iter().map(|conn| conn.name.value.clone()).collect(),
            partial: self.partial,
        }
    }
}

fn twice(what: &str, name: &Placed<String>, first: &Place) -> Problem {
    let problem = Problem::error(
        Code::DuplicateName,
        &name.place,
        format!("two {what} documents are named {name}"),
    );
    let help = format!("rename or remove one; the other is at {first}");
    problem.label("named again").help(help).note(first, "named first")
}

impl Known {
    /// Every name that a document says exists. A step's connector is not looked for: it may be an embedded table.
    pub(super) fn references(
        &self,
        flows: &[FlowConf],
        sources: &[SourceConf],
        jobs: &[JobDoc],
        tests: &[TestDoc],
        problems: &mut Problems,
    ) {
        for flow in flows {
            for after in &flow.after {
                self.flow(after, "after", problems);
                if let Some(other) = find(flows, after).filter(|other| !other.on && flow.on) {
                    let message = format!("flow {after} is off, so {} does not wait for it", flow.name);
                    let problem = Problem::error(Code::AfterOff, &after.place, message).warning();
                    problems.push(problem.note(other.place(), "it has status: 0"));
                }
            }
            if let Some(conn) = &flow.dead_letter.conn {
                self.conn(conn, "dead_letter", problems);
            }
        }
        for source in sources {
            self.flow(&source.flow, "flow", problems);
            if let SourceFrom::Conn(conn) = &source.from {
                self.conn(conn, "cname", problems);
            }
        }
        jobs.iter().for_each(|job| self.flow(&job.flow, "flow", problems));
        for test in tests {
            self.flow(&test.flow, "flow", problems);
            if let Some(flow) = find(flows, &test.flow) {
                steps_of_test(test, flow, problems);
            }
        }
    }

    fn flow(&self, name: &Placed<String>, key: &str, problems: &mut Problems) {
        if !self.partial && self.flows.binary_search(&name.value).is_err() {
            problems.push(unknown(Code::UnknownFlow, "flow", name, key, &self.flows));
        }
    }

    fn conn(&self, name: &Placed<String>, key: &str, problems: &mut Problems) {
        if !self.partial && self.conns.binary_search(&name.value).is_err() {
            problems.push(unknown(Code::UnknownConn, "conn", name, key, &self.conns));
        }
    }
}

/// Flows are sorted by name.
fn find<'a>(flows: &'a [FlowConf], name: &str) -> Option<&'a FlowConf> {
    let at = flows.binary_search_by(|flow| flow.name.as_str().cmp(name));
    at.ok().map(|at| &flows[at])
}

fn unknown(code: Code, what: &str, name: &Placed<String>, key: &str, known: &[String]) -> Problem {
    let problem = Problem::error(
        code,
        &name.place,
        format!("{key} names the {what} {name}, which no file declares"),
    );
    problem
        .label(format!("unknown {what}"))
        .help(did_you_mean(name, known))
}

fn steps_of_test(test: &TestDoc, flow: &FlowConf, problems: &mut Problems) {
    let steps: Vec<&str> = flow.steps.iter().map(|step| step.name.as_str()).collect();
    for (step, _) in &test.expect {
        if !steps.contains(&step.as_str()) {
            let message = format!(
                "expect names the step {step}, which flow {} does not have",
                flow.name
            );
            let problem = Problem::error(Code::UnknownStep, &step.place, message).label("unknown step");
            problems.push(problem.help(did_you_mean(step, &steps)));
        }
    }
}
