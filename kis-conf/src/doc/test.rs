//! `kistype: test`: rows for a flow and what its steps must hand on.

use crate::fields::{Fields, about, wrong_type};
use crate::out::{Out, text};
use crate::{Data, Node, Param, Place, Placed};

/// A `kistype: test` document.
#[derive(Clone, Debug, PartialEq)]
pub struct TestDoc {
    /// Where the document begins.
    pub place: Place,
    /// `tname`: what it is called; without it, by its flow and place.
    pub name: Option<Placed<String>>,
    /// The flow.
    pub flow: Placed<String>,
    /// The rows that go in.
    pub given: Vec<Node>,
    /// By step: the rows that it must hand on.
    pub expect: Vec<(Placed<String>, Vec<Node>)>,
}

impl TestDoc {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.node("kistype");
        let place = fields.place().clone();
        let name = fields.name("tname");
        let flow = fields.needed_name("flow");
        fields.needed("given");
        let given = fields.list("given").to_vec();
        fields.needed("expect");
        let mut expect = Vec::new();
        for Param { key, value } in fields.params("expect") {
            match value.data {
                Data::List(rows) => expect.push((key, rows)),
                Data::Null => expect.push((key, Vec::new())),
                Data::Scalar(_) | Data::Map(_) => {
                    let problem = about(&key, wrong_type(&value, "a list of rows"));
                    fields
                        .problems()
                        .push(problem.help("[] says that nothing may be handed on"));
                }
            }
        }
        Some(Self {
            place,
            name,
            flow: flow?,
            given,
            expect,
        })
    }

    pub(crate) fn write(&self) -> Node {
        let rows = |rows: &[Node]| Node::list(rows.to_vec());
        let expect = self
            .expect
            .iter()
            .map(|(step, expected)| (step.value.clone(), rows(expected)));
        Out::document("test")
            .put_if("tname", self.name.as_ref().map(text))
            .put("flow", text(&self.flow))
            .put("given", rows(&self.given))
            .put("expect", Node::map(expect))
            .into_node()
    }
}
