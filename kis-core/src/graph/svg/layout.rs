//! Where everything in a flow's band stands: steps in one row, sources before it, connectors below.

use super::text::width;
use crate::graph::model::{EdgeKind, FlowGraph, Node, Part};

pub(in crate::graph) const TITLE_SIZE: f64 = 13.0;
pub(in crate::graph) const DETAIL_SIZE: f64 = 11.0;
pub(in crate::graph) const LABEL_SIZE: f64 = 10.5;
pub(in crate::graph) const LINE: f64 = 15.0;
/// Between the border of a group and its steps.
pub(in crate::graph) const GROUP_PAD: f64 = 12.0;
/// For the title of a group above its steps.
pub(in crate::graph) const GROUP_HEAD: f64 = 22.0;

const NODE_PAD: f64 = 14.0;
const GAP: f64 = 40.0;
const BAND_HEAD: f64 = 34.0;
const JUMP_STEP: f64 = 20.0;

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::graph) struct Rect {
    pub(in crate::graph) x: f64,
    pub(in crate::graph) y: f64,
    pub(in crate::graph) w: f64,
    pub(in crate::graph) h: f64,
}

impl Rect {
    pub(in crate::graph) fn middle(self) -> f64 {
        self.x + self.w / 2.0
    }

    pub(in crate::graph) fn right(self) -> f64 {
        self.x + self.w
    }

    pub(in crate::graph) fn bottom(self) -> f64 {
        self.y + self.h
    }

    pub(in crate::graph) fn centre(self) -> f64 {
        self.y + self.h / 2.0
    }
}

/// The places of a flow, from its own upper left corner on.
#[derive(Debug)]
pub(in crate::graph) struct Band {
    pub(in crate::graph) nodes: Vec<Rect>,
    pub(in crate::graph) groups: Vec<Rect>,
    /// The upper border of the groups.
    pub(in crate::graph) top: f64,
    /// How high above the groups each jump is led, in the order of the edges.
    pub(in crate::graph) jumps: Vec<f64>,
    pub(in crate::graph) width: f64,
    pub(in crate::graph) height: f64,
}

/// Lays out one flow.
pub(in crate::graph) fn band(flow: &FlowGraph) -> Band {
    let mut nodes: Vec<Rect> = flow.nodes.iter().map(size).collect();
    let jumps = jump_heights(flow);
    let above = jumps.iter().map(|height| height + 10.0).fold(0.0, f64::max);
    let top = BAND_HEAD + above + GROUP_HEAD;

    let sources = flow
        .nodes
        .iter()
        .take_while(|node| node.part == Part::Source)
        .count();
    let steps = flow
        .nodes
        .iter()
        .filter(|node| matches!(node.part, Part::Step(_)))
        .count();
    let source_column = nodes[..sources].iter().map(|node| node.w).fold(0.0, f64::max);
    let source_height = stacked(&nodes[..sources]);
    let row_height = nodes[sources..sources + steps]
        .iter()
        .map(|node| node.h)
        .fold(source_height, f64::max);
    let centre = top + row_height / 2.0;

    let mut y = centre - source_height / 2.0;
    for source in &mut nodes[..sources] {
        (source.x, source.y) = (source_column - source.w, y);
        y = source.bottom() + NODE_PAD;
    }
    let mut right = source_column;
    for (at, node) in nodes.iter_mut().enumerate().skip(sources).take(steps) {
        let gap = if at == 0 { GROUP_PAD } else { gap_before(flow, at) };
        (node.x, node.y) = (right + gap, centre - node.h / 2.0);
        right = node.right();
    }
    let row_bottom = top + row_height + GROUP_PAD;
    place_conns(flow, &mut nodes, row_bottom + GAP * 0.8);

    let groups = flow
        .groups
        .iter()
        .map(|group| around(&nodes[group.first..group.end], top, row_height))
        .collect();
    let width = nodes.iter().map(|node| node.right()).fold(right, f64::max) + GROUP_PAD;
    let height = nodes.iter().map(|node| node.bottom()).fold(row_bottom, f64::max);
    Band {
        nodes,
        groups,
        top: top - GROUP_HEAD,
        jumps,
        width: width.max(title_width(flow)),
        height,
    }
}

fn title_width(flow: &FlowGraph) -> f64 {
    width(&flow.name, 16.0) + width(&flow.after.join(", "), 12.0) + 80.0
}

fn size(node: &Node) -> Rect {
    let details = node
        .details
        .iter()
        .map(|detail| width(detail, DETAIL_SIZE))
        .fold(0.0, f64::max);
    let w = (width(&node.title, TITLE_SIZE) * 1.05).max(details) + 2.0 * NODE_PAD;
    // A cylinder needs room for its lid.
    let lid = if node.part == Part::Conn { 10.0 } else { 0.0 };
    let h = LINE * (1 + node.details.len()) as f64 + NODE_PAD + lid;
    Rect {
        x: 0.0,
        y: 0.0,
        w: w.max(84.0).ceil(),
        h,
    }
}

fn stacked(nodes: &[Rect]) -> f64 {
    let gaps = nodes.len().saturating_sub(1) as f64 * NODE_PAD;
    nodes.iter().map(|node| node.h).sum::<f64>() + gaps
}

/// Room for the arrow before a step: for its label, and for the borders of groups that end and begin there.
fn gap_before(flow: &FlowGraph, at: usize) -> f64 {
    let rows = |kind| matches!(kind, EdgeKind::Rows | EdgeKind::Lanes | EdgeKind::AtEnd);
    let labels = flow.edges.iter().filter(|edge| edge.to == at && rows(edge.kind));
    let label = labels
        .map(|edge| width(&edge.label, LABEL_SIZE))
        .fold(0.0, f64::max);
    let borders = flow
        .groups
        .iter()
        .filter(|group| group.first == at || group.end == at)
        .count() as f64;
    (label + 26.0).max(GAP).ceil() + borders * GROUP_PAD
}

/// Each connector stands below the first step that uses it, and none covers another.
fn place_conns(flow: &FlowGraph, nodes: &mut [Rect], y: f64) {
    let mut wanted: Vec<(f64, usize)> = Vec::new();
    let conns = (0..nodes.len()).filter(|at| flow.nodes[*at].part == Part::Conn);
    for at in conns {
        let user = flow
            .edges
            .iter()
            .find_map(|edge| match (edge.from == at, edge.to == at) {
                (true, _) => Some(edge.to),
                (_, true) => Some(edge.from),
                _ => None,
            });
        wanted.push((user.map_or(0.0, |user| nodes[user].middle()), at));
    }
    wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = 0.0;
    for (middle, at) in wanted {
        let conn = &mut nodes[at];
        (conn.x, conn.y) = ((middle - conn.w / 2.0).max(free), y);
        free = conn.right() + NODE_PAD;
    }
}

fn around(nodes: &[Rect], top: f64, height: f64) -> Rect {
    let left = nodes.iter().map(|node| node.x).fold(f64::INFINITY, f64::min) - GROUP_PAD;
    let right = nodes.iter().map(|node| node.right()).fold(0.0, f64::max) + GROUP_PAD;
    Rect {
        x: left,
        y: top - GROUP_HEAD,
        w: right - left,
        h: height + GROUP_HEAD + GROUP_PAD,
    }
}

/// Long jumps are led above short ones.
fn jump_heights(flow: &FlowGraph) -> Vec<f64> {
    let jumps: Vec<usize> = flow
        .edges
        .iter()
        .filter(|edge| edge.kind == EdgeKind::Jump)
        .map(|edge| edge.from.abs_diff(edge.to))
        .collect();
    jumps
        .iter()
        .enumerate()
        .map(|(at, span)| {
            let below = jumps
                .iter()
                .enumerate()
                .filter(|(other, s)| (*s, other) < (span, &at))
                .count();
            10.0 + JUMP_STEP * below as f64
        })
        .collect()
}
