//! The graph of two flows in each format. The snapshot of the picture can be looked at in a browser.

use kis_conf::Mode;

use super::{Edge, EdgeKind, FlowGraph, Graph, Group, Node, Part};

fn node(part: Part, title: &str, details: &[&str]) -> Node {
    Node {
        part,
        title: title.to_owned(),
        details: details.iter().map(|detail| (*detail).to_owned()).collect(),
    }
}

fn edge(from: usize, to: usize, kind: EdgeKind, label: &str) -> Edge {
    Edge {
        from,
        to,
        kind,
        label: label.to_owned(),
    }
}

fn group(title: &str, first: usize, end: usize) -> Group {
    Group {
        title: title.to_owned(),
        first,
        end,
    }
}

fn flights() -> Graph {
    let load = FlowGraph {
        name: "LoadAirlines".to_owned(),
        nodes: vec![
            node(Part::Source, "airlines", &["file", "data/airlines.csv"]),
            node(Part::Step(Mode::Save), "save_airline", &["Save"]),
            node(Part::Conn, "Airlines", &["table"]),
        ],
        edges: vec![
            edge(0, 1, EdgeKind::Rows, "Airline"),
            edge(1, 2, EdgeKind::Call, ""),
        ],
        groups: vec![group("2 lanes", 1, 2)],
        ..FlowGraph::default()
    };
    let flights = FlowGraph {
        name: "准点率 \"flights\" <2013>".to_owned(),
        after: vec!["LoadAirlines".to_owned()],
        nodes: vec![
            node(
                Part::Source,
                "flights",
                &["file", "data/flights-2013-01.csv.gz", "ordered by carrier"],
            ),
            node(Part::Source, "late", &["stdin"]),
            node(
                Part::Step(Mode::Verify),
                "verify",
                &["Verify", "fname verify_flight"],
            ),
            node(Part::Step(Mode::Calculate), "with_delay", &["Calculate"]),
            node(Part::Step(Mode::Load), "with_airline", &["Load"]),
            node(
                Part::Step(Mode::Calculate),
                "running_delay",
                &["Calculate", "state", "may reuse its rows"],
            ),
            node(Part::Step(Mode::Save), "save_delay", &["Save"]),
            node(Part::Step(Mode::Expand), "print_report", &["Expand"]),
            node(Part::Conn, "Airlines", &["table"]),
            node(Part::Conn, "Delays", &["table"]),
        ],
        edges: vec![
            edge(0, 2, EdgeKind::Rows, "Flight"),
            edge(1, 2, EdgeKind::Rows, "Flight"),
            edge(2, 3, EdgeKind::Rows, "Flight"),
            edge(3, 4, EdgeKind::Lanes, "Delay by carrier"),
            edge(4, 5, EdgeKind::Rows, "NamedDelay as Delay"),
            edge(5, 6, EdgeKind::Rows, "CarrierDelay"),
            edge(6, 7, EdgeKind::AtEnd, "at end"),
            edge(5, 4, EdgeKind::Jump, "jump"),
            edge(6, 3, EdgeKind::Jump, "jump"),
            edge(8, 4, EdgeKind::Call, ""),
            edge(6, 9, EdgeKind::Call, ""),
            edge(9, 7, EdgeKind::Call, ""),
        ],
        groups: vec![
            group("any free core", 2, 4),
            group("2 lanes by carrier", 4, 7),
            group("at end", 7, 8),
        ],
    };
    Graph {
        flows: vec![load, flights],
    }
}

#[test]
fn mermaid() {
    insta::assert_snapshot!(flights().mermaid());
}

#[test]
fn dot() {
    insta::assert_snapshot!(flights().dot());
}

#[test]
fn svg() {
    insta::assert_binary_snapshot!(".svg", flights().svg().into_bytes());
}

#[test]
fn no_flow_is_a_picture_too() {
    let empty = Graph::default();
    assert!(empty.svg().ends_with("</svg>\n"));
    assert_eq!(empty.dot().lines().last(), Some("}"));
    assert!(empty.mermaid().starts_with("flowchart LR\n"));
}

/// No node covers another, and everything stands inside of the picture.
#[test]
fn nothing_overlaps() {
    for flow in &flights().flows {
        let band = super::svg::layout::band(flow);
        for (i, a) in band.nodes.iter().enumerate() {
            assert!(
                a.x >= 0.0 && a.y >= 0.0 && a.right() <= band.width && a.bottom() <= band.height,
                "{i}: {a:?}"
            );
            for (j, b) in band.nodes.iter().enumerate().skip(i + 1) {
                let apart = a.right() <= b.x || b.right() <= a.x || a.bottom() <= b.y || b.bottom() <= a.y;
                assert!(apart, "{i} {a:?} covers {j} {b:?}");
            }
        }
    }
}
