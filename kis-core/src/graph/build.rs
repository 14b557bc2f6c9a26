//! Makes the graph of a plan.

use kis_conf::{Mode, Order};

use super::model::{Edge, EdgeKind, FlowGraph, Graph, Group, Node, Part};
use crate::{
    flow::{FlowPlan, Plan, SourcePlan, StepPlan},
    function::HandsOn,
};

impl Graph {
    /// The graph of a plan's flows, or of the one called `only`.
    pub fn of(plan: &Plan, only: Option<&str>) -> Graph {
        let flows = plan
            .flows
            .iter()
            .filter(|flow| only.is_none_or(|name| *flow.name == *name));
        Graph {
            flows: flows.map(|flow| FlowBuilder::new(plan, flow).build()).collect(),
        }
    }
}

struct FlowBuilder<'a> {
    plan: &'a Plan,
    flow: &'a FlowPlan,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// The number of the node of the first step.
    first: usize,
}

impl<'a> FlowBuilder<'a> {
    fn new(plan: &'a Plan, flow: &'a FlowPlan) -> Self {
        FlowBuilder {
            plan,
            flow,
            nodes: Vec::new(),
            edges: Vec::new(),
            first: flow.sources.len(),
        }
    }

    fn build(mut self) -> FlowGraph {
        let flow = self.flow;
        self.nodes.extend(flow.sources.iter().map(source));
        self.nodes.extend(flow.steps.iter().map(|step| node(step)));
        self.rows();
        self.end();
        self.jumps();
        self.conns();
        FlowGraph {
            name: flow.name.to_string(),
            after: flow.conf.after.iter().map(|name| name.value.clone()).collect(),
            groups: self.groups(),
            nodes: self.nodes,
            edges: self.edges,
        }
    }

    /// Rows from the sources through the steps.
    fn rows(&mut self) {
        let steps = self.flow.own();
        let mut carried: Option<&'static str> = None;
        for (at, step) in steps.iter().enumerate() {
            let takes = step.info.takes.row.map(|row| row.shape.name);
            let label = match (carried, takes) {
                (Some(carried), Some(takes)) if carried != takes => format!("{carried} as {takes}"),
                (Some(name), _) | (None, Some(name)) => name.to_owned(),
                (None, None) => "rows".to_owned(),
            };
            let key = self.key_before(at);
            let kind = if key.is_some() {
                EdgeKind::Lanes
            } else {
                EdgeKind::Rows
            };
            let label = key.map_or(label.clone(), |key| format!("{label} {key}"));
            let from = if at == 0 {
                0..self.first
            } else {
                self.first + at - 1..self.first + at
            };
            for from in from {
                self.edges.push(Edge {
                    from,
                    to: self.first + at,
                    kind,
                    label: label.clone(),
                });
            }
            if let HandsOn::Rows(row) = step.info.on {
                carried = Some(row.shape.name);
            }
        }
    }

    /// By what rows are dealt out to lanes before a step, if they are.
    fn key_before(&self, at: usize) -> Option<String> {
        let stage = self
            .flow
            .stages
            .iter()
            .find(|stage| stage.first == at && stage.end > at);
        match stage?.key.as_ref() {
            Some(key) => Some(format!("by {key}")),
            None => self
                .flow
                .sources
                .iter()
                .find_map(SourcePlan::key)
                .map(|key| format!("by {key}")),
        }
    }

    fn end(&mut self) {
        let flow = self.flow;
        for at in flow.own_steps..flow.steps.len() {
            let (kind, label) = match at == flow.own_steps {
                true => (EdgeKind::AtEnd, "at end".to_owned()),
                false => (EdgeKind::Rows, handed_on(&flow.steps[at - 1])),
            };
            if self.first + at > 0 {
                self.edges.push(Edge {
                    from: self.first + at - 1,
                    to: self.first + at,
                    kind,
                    label,
                });
            }
        }
    }

    fn jumps(&mut self) {
        for (at, step) in self.flow.steps.iter().enumerate() {
            let mut targets: Vec<usize> = step.jumps.iter().map(|(_, target)| *target).collect();
            targets.sort_unstable();
            targets.dedup();
            for target in targets {
                let (from, to) = (self.first + at, self.first + target);
                self.edges.push(Edge {
                    from,
                    to,
                    kind: EdgeKind::Jump,
                    label: "jump".to_owned(),
                });
            }
        }
    }

    /// A connector stands once in a flow, however many steps use it.
    fn conns(&mut self) {
        let mut known: Vec<(usize, usize)> = Vec::new();
        for (at, step) in self.flow.steps.iter().enumerate() {
            for (_, number) in &step.conns {
                let conn = match known.iter().find(|(known, _)| known == number) {
                    Some((_, node)) => *node,
                    None => {
                        let conn = &self.plan.conns[*number];
                        let details = vec![conn.info.kind.to_owned()];
                        self.nodes.push(Node {
                            part: Part::Conn,
                            title: conn.name.to_string(),
                            details,
                        });
                        known.push((*number, self.nodes.len() - 1));
                        self.nodes.len() - 1
                    }
                };
                let step_node = self.first + at;
                let (from, to) = if step.info.mode == Mode::Load {
                    (conn, step_node)
                } else {
                    (step_node, conn)
                };
                self.edges.push(Edge {
                    from,
                    to,
                    kind: EdgeKind::Call,
                    label: String::new(),
                });
            }
        }
    }

    fn groups(&self) -> Vec<Group> {
        let (flow, first) = (self.flow, self.first);
        let mut groups = Vec::new();
        let mut push = |title: String, from: usize, end: usize| {
            if end > from {
                groups.push(Group {
                    title,
                    first: first + from,
                    end: first + end,
                });
            }
        };
        push("any free core".to_owned(), 0, flow.head);
        for stage in &flow.stages {
            let lanes = if flow.lanes == 1 {
                "1 lane".to_owned()
            } else {
                format!("{} lanes", flow.lanes)
            };
            let key = if stage.end > stage.first {
                self.key_before(stage.first)
            } else {
                None
            };
            push(
                key.map_or(lanes.clone(), |key| format!("{lanes} {key}")),
                stage.first,
                stage.end,
            );
        }
        push("at end".to_owned(), flow.own_steps, flow.steps.len());
        groups
    }
}

fn source(source: &SourcePlan) -> Node {
    let mut details = vec![source.info.kind.to_owned()];
    details.extend(source.conf.key.as_ref().map(ToString::to_string));
    if let Order::By(field) = &source.conf.order {
        details.push(format!("ordered by {field}"));
    }
    Node {
        part: Part::Source,
        title: source.name.to_string(),
        details,
    }
}

fn node(step: &StepPlan) -> Node {
    let mut details = vec![step.info.mode.as_str().to_owned()];
    if *step.name != *step.info.name {
        details.push(format!("fname {}", step.info.name));
    }
    if step.state.is_some() {
        details.push("state".to_owned());
    }
    if step.info.reuse {
        details.push("may reuse its rows".to_owned());
    }
    Node {
        part: Part::Step(step.info.mode),
        title: step.name.to_string(),
        details,
    }
}

fn handed_on(step: &StepPlan) -> String {
    match step.info.on {
        HandsOn::Rows(row) => row.shape.name.to_owned(),
        HandsOn::WhatCameIn => step
            .info
            .takes
            .row
            .map_or("rows", |row| row.shape.name)
            .to_owned(),
        HandsOn::Nothing => String::new(),
    }
}
