//! The graph of flows: sources, steps, connectors and the rows between them, as Mermaid, DOT or SVG.

mod build;
mod dot;
mod mermaid;
mod model;
mod svg;

pub use self::model::{Edge, EdgeKind, FlowGraph, Graph, Group, Node, Part};

#[cfg(test)]
mod tests;
