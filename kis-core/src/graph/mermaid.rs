//! The graph as Mermaid, for Markdown files and wikis.

use std::fmt::{self, Write};

use super::model::{Edge, EdgeKind, FlowGraph, Graph, Node, Part};

impl Graph {
    /// The graph in Mermaid's language.
    pub fn mermaid(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = write_graph(&mut text, self);
        text
    }
}

fn write_graph(out: &mut String, graph: &Graph) -> fmt::Result {
    writeln!(out, "flowchart LR")?;
    for part in Part::ALL {
        let (fill, stroke) = part.colours();
        writeln!(
            out,
            "  classDef {} fill:{fill},stroke:{stroke},color:#1f2933",
            part.class()
        )?;
    }
    for (number, flow) in graph.flows.iter().enumerate() {
        write_flow(out, number, flow)?;
    }
    for (number, flow) in graph.flows.iter().enumerate() {
        for before in &flow.after {
            if let Some(before) = graph.flows.iter().position(|flow| flow.name == *before) {
                writeln!(out, "  f{before} -. after .-> f{number}")?;
            }
        }
    }
    Ok(())
}

fn write_flow(out: &mut String, flow_number: usize, flow: &FlowGraph) -> fmt::Result {
    writeln!(out, "  subgraph f{flow_number} [\"{}\"]", quoted(&flow.name))?;
    for (number, node) in flow.nodes.iter().enumerate() {
        writeln!(
            out,
            "    f{flow_number}n{number}{}:::{}",
            shape(node),
            node.part.class()
        )?;
    }
    for edge in &flow.edges {
        let Edge { from, to, .. } = edge;
        writeln!(
            out,
            "    f{flow_number}n{from} {} f{flow_number}n{to}",
            arrow(edge)
        )?;
    }
    writeln!(out, "  end")
}

fn shape(node: &Node) -> String {
    let lines: Vec<String> = std::iter::once(&node.title)
        .chain(&node.details)
        .map(|line| quoted(line))
        .collect();
    let text = lines.join("<br/>");
    match node.part {
        Part::Source => format!("([\"{text}\"])"),
        Part::Step(_) => format!("[\"{text}\"]"),
        Part::Conn => format!("[(\"{text}\")]"),
    }
}

fn arrow(edge: &Edge) -> String {
    let line = match edge.kind {
        EdgeKind::Rows | EdgeKind::Call => "-->",
        EdgeKind::Lanes => "==>",
        EdgeKind::Jump | EdgeKind::AtEnd => "-.->",
    };
    if edge.label.is_empty() {
        line.to_owned()
    } else {
        format!("{line}|\"{}\"|", quoted(&edge.label))
    }
}

/// Mermaid has no escape but the entities of HTML, with its own sign.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("#quot;"),
            '#' => quoted.push_str("#35;"),
            '<' => quoted.push_str("#lt;"),
            '>' => quoted.push_str("#gt;"),
            '&' => quoted.push_str("#amp;"),
            '`' => quoted.push_str("#96;"),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted
}
