//! One step of a flow: `- fname: verify_stu` with its name, connector and params.

use std::time::Duration;

use crate::fields::Fields;
use crate::out::{Out, duration, text};
use crate::{Mode, Node, OnError, Param, Place, Placed, Problems, RetryConf};

/// The keys of a step that KisFlow has too.
const KISFLOW_KEYS: &[&str] = &["fname", "params"];

/// A step as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct StepDoc {
    /// Where the step begins.
    pub place: Place,
    /// The function.
    pub fname: Placed<String>,
    /// `as`: the step's own name.
    pub name: Option<Placed<String>>,
    /// `cname`: another connector than the function's.
    pub conn: Option<Placed<String>>,
    /// The step's params.
    pub params: Vec<Param>,
    /// What happens to rows that this step cannot handle: the flow's, with what the step says itself.
    pub on_error: Option<OnError>,
    /// `state.ttl`: how long keyed state is kept.
    pub state_ttl: Option<Placed<Duration>>,
}

/// A step with what its function's document adds.
#[derive(Clone, Debug, PartialEq)]
pub struct StepConf {
    /// Where the step begins.
    pub place: Place,
    /// The step's name, unique in the flow.
    pub name: Placed<String>,
    /// The name was given by `as:`.
    pub named: bool,
    /// The function.
    pub fname: Placed<String>,
    /// The mode that a func document says.
    pub mode: Option<Placed<Mode>>,
    /// The connector of the step, else of the func document.
    pub conn: Option<Placed<String>>,
    /// `source.name` of the func document.
    pub source_name: Option<Placed<String>>,
    /// `source.must` of the func document: fields that each row must have.
    pub must: Vec<Placed<String>>,
    /// The retries of the func document.
    pub retry: Option<RetryConf>,
    /// The step's params over the func document's.
    pub params: Vec<Param>,
    /// What happens to rows that this step cannot handle, if it differs from the flow's.
    pub on_error: Option<OnError>,
    /// How long keyed state is kept, if it differs from what the state's type says.
    pub state_ttl: Option<Placed<Duration>>,
}

impl StepConf {
    /// A step that the program adds itself. It is named like its function.
    pub fn new(fname: Placed<String>) -> Self {
        Self {
            place: fname.place.clone(),
            name: fname.clone(),
            named: false,
            fname,
            mode: None,
            conn: None,
            source_name: None,
            must: Vec::new(),
            retry: None,
            params: Vec::new(),
            on_error: None,
            state_ttl: None,
        }
    }

    pub(crate) fn write(&self, flow: &OnError) -> Node {
        let state = Out::default().put_if("ttl", self.state_ttl.as_ref().map(|ttl| duration(ttl.value)));
        Out::default()
            .put("fname", text(&self.fname))
            .put_if(
                "as",
                (self.named || self.name != self.fname).then(|| text(&self.name)),
            )
            .put_if("cname", self.conn.as_ref().map(text))
            .put_params("params", &self.params)
            .put_if(
                "on_error",
                self.on_error.as_ref().and_then(|on_error| on_error.write(flow)),
            )
            .put_map("state", state)
            .into_node()
    }
}

impl StepDoc {
    /// Reads one step; also says whether it has KisFlow's keys only.
    pub(super) fn read(node: &Node, flow: &OnError, problems: &mut Problems) -> Option<(Self, bool)> {
        Fields::read("a step", node, problems, |fields| {
            let fname = fields.needed_name("fname");
            let name = fields.name("as");
            let conn = fields.name("cname");
            let params = fields.params("params");
            let on_error = OnError::read(fields, flow);
            let state_ttl = fields
                .nested("state", "state", |fields| fields.get("ttl"))
                .flatten();
            let place = fields.place().clone();
            let doc = Self {
                place,
                fname: fname?,
                name,
                conn,
                params,
                on_error,
                state_ttl,
            };
            Some((doc, fields.has_only(KISFLOW_KEYS)))
        })
        .flatten()
    }
}
