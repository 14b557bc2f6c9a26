//! The graph as DOT, for Graphviz.

use std::fmt::{self, Write};

use super::model::{Edge, EdgeKind, FlowGraph, Graph, Node, Part};

impl Graph {
    /// The graph in the language of Graphviz.
    pub fn dot(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = write_graph(&mut text, self);
        text
    }
}

fn write_graph(out: &mut String, graph: &Graph) -> fmt::Result {
    writeln!(out, "digraph flows {{")?;
    writeln!(out, "  rankdir=LR; compound=true; fontname=\"sans-serif\";")?;
    writeln!(
        out,
        "  node [fontname=\"sans-serif\", fontsize=11, style=filled];"
    )?;
    writeln!(
        out,
        "  edge [fontname=\"sans-serif\", fontsize=9, color=\"#52606d\"];"
    )?;
    for (number, flow) in graph.flows.iter().enumerate() {
        write_flow(out, number, flow)?;
    }
    for (number, flow) in graph.flows.iter().enumerate() {
        for before in &flow.after {
            if let Some(before) = graph.flows.iter().position(|flow| flow.name == *before) {
                let line = "style=dashed, label=\"after\"";
                writeln!(
                    out,
                    "  f{before}n0 -> f{number}n0 [ltail=cluster_f{before}, lhead=cluster_f{number}, {line}];"
                )?;
            }
        }
    }
    writeln!(out, "}}")
}

fn write_flow(out: &mut String, flow_number: usize, flow: &FlowGraph) -> fmt::Result {
    writeln!(out, "  subgraph cluster_f{flow_number} {{")?;
    writeln!(out, "    label=\"{}\"; color=\"#cbd2d9\";", quoted(&flow.name))?;
    for (number, node) in flow.nodes.iter().enumerate() {
        let (fill, line) = node.part.colours();
        let (shape, text) = (shape(node.part), label(node));
        writeln!(
            out,
            "    f{flow_number}n{number} [shape={shape}, fillcolor=\"{fill}\", color=\"{line}\", label=\"{text}\"];"
        )?;
    }
    for edge in &flow.edges {
        let Edge {
            from,
            to,
            kind,
            label,
        } = edge;
        let style = match kind {
            EdgeKind::Rows | EdgeKind::Call => "solid",
            EdgeKind::Lanes => "bold",
            EdgeKind::Jump | EdgeKind::AtEnd => "dashed",
        };
        let label = quoted(label);
        writeln!(
            out,
            "    f{flow_number}n{from} -> f{flow_number}n{to} [style={style}, label=\"{label}\"];"
        )?;
    }
    writeln!(out, "  }}")
}

fn shape(part: Part) -> &'static str {
    match part {
        Part::Source => "oval",
        Part::Step(_) => "box",
        Part::Conn => "cylinder",
    }
}

fn label(node: &Node) -> String {
    let lines: Vec<String> = std::iter::once(&node.title)
        .chain(&node.details)
        .map(|line| quoted(line))
        .collect();
    lines.join("\\n")
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace(char::is_control, " ")
}
