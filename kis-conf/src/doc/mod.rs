//! The documents of a configuration: one file for each `kistype`.

mod conn;
mod flow;
mod function;
mod global;
mod job;
mod source;
mod step;
mod test;

use crate::fields::Fields;
use crate::node::show;
use crate::suggest::did_you_mean;
use crate::word::{Word, words};
use crate::{Code, Conf, Node, Problem, Problems};

pub use conn::ConnConf;
pub use flow::{Delivery, FlowConf, FlowDoc, FlowOf};
pub use function::{FunctionDoc, RetryConf};
pub use global::{GlobalConf, Prometheus};
pub use job::{JobDoc, Misfire, Overlap};
pub use source::{Format, SourceConf, SourceDoc, SourceFrom};
pub use step::{StepConf, StepDoc};
pub use test::TestDoc;

words! {
    /// The kinds of documents.
    pub enum Kistype {
        /// A function's mode, connector and default params.
        Func = "func",
        /// A flow.
        Flow = "flow",
        /// A connector.
        Conn = "conn",
        /// What feeds a flow.
        Source = "source",
        /// Settings of the whole program.
        Global = "global",
        /// A flow that is started by a schedule.
        Job = "job",
        /// A flow's unit test.
        Test = "test",
    }
}

/// Reads one document into the configuration, and says whether it got there.
pub(crate) fn read(node: &Node, conf: &mut Conf, problems: &mut Problems) -> bool {
    match kistype(node, problems) {
        Some(Kistype::Func) => put(
            &mut conf.functions,
            Fields::read("a func", node, problems, FunctionDoc::read),
        ),
        Some(Kistype::Flow) => put(
            &mut conf.flows,
            Fields::read("a flow", node, problems, FlowDoc::read),
        ),
        Some(Kistype::Conn) => put(
            &mut conf.conns,
            Fields::read("a conn", node, problems, ConnConf::read),
        ),
        Some(Kistype::Source) => put(
            &mut conf.sources,
            Fields::read("a source", node, problems, SourceConf::read),
        ),
        Some(Kistype::Global) => put(
            &mut conf.globals,
            Some(Fields::read("global", node, problems, GlobalConf::read)),
        ),
        Some(Kistype::Job) => put(
            &mut conf.jobs,
            Fields::read("a job", node, problems, JobDoc::read),
        ),
        Some(Kistype::Test) => put(
            &mut conf.tests,
            Fields::read("a test", node, problems, TestDoc::read),
        ),
        None => false,
    }
}

fn put<T>(documents: &mut Vec<T>, document: Option<Option<T>>) -> bool {
    let before = documents.len();
    documents.extend(document.flatten());
    documents.len() > before
}

/// What kind of document it is.
fn kistype(node: &Node, problems: &mut Problems) -> Option<Kistype> {
    let words = || Kistype::WORDS.join(", ");
    let Some(kistype) = node.get("kistype").filter(|kistype| !kistype.is_null()) else {
        let message = match node.scalar() {
            Some(_) => format!("expected a map with a kistype, found {}", node.describe()),
            None => "the document does not say its kistype".to_owned(),
        };
        let problem = Problem::error(Code::UnknownKistype, &node.place, message);
        problems.push(problem.help(format!("begin it with kistype: and one of {}", words())));
        return None;
    };
    let Some(word) = kistype.scalar().map(crate::Scalar::shown) else {
        let message = format!("kistype is {}, expected a word", kistype.describe());
        let problem = Problem::error(Code::UnknownKistype, &kistype.place, message);
        problems.push(problem.help(format!("known: {}", words())));
        return None;
    };
    let known = Kistype::from_word(word);
    if known.is_none() {
        let message = format!("unknown kistype {}", show(word));
        let problem = Problem::error(Code::UnknownKistype, &kistype.place, message).label("unknown kistype");
        problems.push(problem.help(did_you_mean(word, Kistype::WORDS)));
    }
    known
}
