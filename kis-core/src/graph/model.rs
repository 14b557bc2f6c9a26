//! The graph as data, the same for every format it is written in.

use kis_conf::Mode;

/// Flows with what they consist of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The flows, in the order of their names.
    pub flows: Vec<FlowGraph>,
}

/// One flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowGraph {
    /// Its name.
    pub name: String,
    /// Flows that have to end before it starts.
    pub after: Vec<String>,
    /// Sources, then steps in their order, then connectors.
    pub nodes: Vec<Node>,
    /// How rows and calls go between the nodes.
    pub edges: Vec<Edge>,
    /// Neighbouring steps that run in the same place.
    pub groups: Vec<Group>,
}

/// A source, step or connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub part: Part,
    /// Its name.
    pub title: String,
    /// What else to know of it, a few words each.
    pub details: Vec<String>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Where rows come from.
    Source,
    /// A step whose function has this mode.
    Step(Mode),
    /// What functions read from or write to.
    Conn,
}

/// Rows or calls between two nodes of a flow, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What goes along it.
    pub kind: EdgeKind,
    /// What to write at it: the row type, the key.
    pub label: String,
}

/// What goes along an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeKind {
    /// Rows that stay in their lane.
    Rows,
    /// Rows that are dealt out to lanes by a key.
    Lanes,
    /// What a step reads from a connector, or writes to it.
    Call,
    /// A jump that a function may ask for.
    Jump,
    /// The end of all sources.
    AtEnd,
}

/// Neighbouring steps that run in the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Where they run.
    pub title: String,
    /// The number of the first node.
    pub first: usize,
    /// The number behind the last node.
    pub end: usize,
}

impl Part {
    /// One word for styles.
    pub(super) fn class(self) -> &'static str {
        match self {
            Part::Source => "source",
            Part::Conn => "conn",
            Part::Step(Mode::Verify) => "verify",
            Part::Step(Mode::Save) => "save",
            Part::Step(Mode::Load) => "load",
            Part::Step(Mode::Calculate) => "calculate",
            Part::Step(Mode::Expand) => "expand",
        }
    }

    /// The colours of its area and of its border.
    pub(super) fn colours(self) -> (&'static str, &'static str) {
        match self {
            Part::Source => ("#eef1f4", "#52606d"),
            Part::Conn => ("#ffffff", "#7b8794"),
            Part::Step(Mode::Verify) => ("#fff4d6", "#b7791f"),
            Part::Step(Mode::Save) => ("#e3f6e5", "#2e8540"),
            Part::Step(Mode::Load) => ("#e3f0ff", "#2b6cb0"),
            Part::Step(Mode::Calculate) => ("#efe7ff", "#6b46c1"),
            Part::Step(Mode::Expand) => ("#dcf5ef", "#0f766e"),
        }
    }

    /// Every part, for legends and styles.
    pub(super) const ALL: [Part; 7] = [
        Part::Source,
        Part::Step(Mode::Verify),
        Part::Step(Mode::Load),
        Part::Step(Mode::Calculate),
        Part::Step(Mode::Expand),
        Part::Step(Mode::Save),
        Part::Conn,
    ];
}
