//! Draws laid-out flows.

use std::fmt::{self, Write};

use super::{
    layout::{Band, DETAIL_SIZE, GROUP_HEAD, GROUP_PAD, LABEL_SIZE, LINE, Rect, TITLE_SIZE},
    text::{escaped, width},
};
use crate::graph::model::{Edge, EdgeKind, FlowGraph, Graph, Node, Part};

const MARGIN: f64 = 24.0;
const INK: &str = "#1f2933";
const GREY: &str = "#7b8794";
const ARROW: &str = "#52606d";

/// The whole picture.
pub(super) fn picture(graph: &Graph, bands: &[Band]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_picture(&mut text, graph, bands);
    text
}

fn write_picture(out: &mut String, graph: &Graph, bands: &[Band]) -> fmt::Result {
    let w = bands.iter().map(|band| band.width).fold(200.0, f64::max) + 2.0 * MARGIN;
    let h = bands.iter().map(|band| band.height + MARGIN).sum::<f64>() + MARGIN;
    writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0}" height="{h:.0}" viewBox="0 0 {w:.0} {h:.0}" role="img" font-family="system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', sans-serif">"#
    )?;
    let names: Vec<String> = graph.flows.iter().map(|flow| escaped(&flow.name)).collect();
    writeln!(out, "<title>{}</title>", names.join(", "))?;
    writeln!(
        out,
        r#"<defs><marker id="tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5 8 4 0 7.5z" fill="{ARROW}"/></marker></defs>"#
    )?;
    writeln!(out, r##"<rect width="100%" height="100%" fill="#ffffff"/>"##)?;
    let mut y = MARGIN;
    for (flow, band) in graph.flows.iter().zip(bands) {
        writeln!(out, r#"<g transform="translate({MARGIN:.0} {y:.1})">"#)?;
        write_flow(out, flow, band)?;
        writeln!(out, "</g>")?;
        y += band.height + MARGIN;
    }
    writeln!(out, "</svg>")
}

fn write_flow(out: &mut String, flow: &FlowGraph, band: &Band) -> fmt::Result {
    let name = escaped(&flow.name);
    writeln!(
        out,
        r#"<text x="0" y="14" font-size="16" font-weight="600" fill="{INK}">{name}</text>"#
    )?;
    if !flow.after.is_empty() {
        let (x, after) = (
            width(&flow.name, 16.0) * 1.08 + 14.0,
            escaped(&flow.after.join(", ")),
        );
        writeln!(
            out,
            r#"<text x="{x:.1}" y="14" font-size="12" fill="{GREY}">after {after}</text>"#
        )?;
    }
    for (group, at) in flow.groups.iter().zip(&band.groups) {
        let Rect { x, y, w, h } = at;
        writeln!(
            out,
            r##"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" rx="8" fill="#f8f9fb" stroke="#d5dbe1" stroke-dasharray="4 3"/>"##
        )?;
        let (x, y, title) = (x + GROUP_PAD, y + GROUP_HEAD - 8.0, escaped(&group.title));
        writeln!(
            out,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="10" fill="{GREY}">{title}</text>"#
        )?;
    }
    let mut jumps = band.jumps.iter();
    for edge in &flow.edges {
        let (from, to) = (band.nodes[edge.from], band.nodes[edge.to]);
        match edge.kind {
            EdgeKind::Rows | EdgeKind::Lanes | EdgeKind::AtEnd => write_rows(out, edge, from, to)?,
            EdgeKind::Call => write_call(out, from, to)?,
            EdgeKind::Jump => {
                let height = jumps.next().copied().unwrap_or_default();
                write_jump(out, edge, (from, to), band.top - height)?;
            }
        }
    }
    flow.nodes
        .iter()
        .zip(&band.nodes)
        .try_for_each(|(node, at)| write_node(out, node, *at))
}

fn write_rows(out: &mut String, edge: &Edge, from: Rect, to: Rect) -> fmt::Result {
    let (x1, y1, x2, y2) = (from.right(), from.centre(), to.x, to.centre());
    let style = match edge.kind {
        EdgeKind::Lanes => r#" stroke-width="2.4""#,
        EdgeKind::AtEnd => r#" stroke-width="1.4" stroke-dasharray="5 4""#,
        _ => r#" stroke-width="1.4""#,
    };
    let path = match (y1 - y2).abs() < 0.5 {
        true => format!("M{x1:.1} {y1:.1}H{x2:.1}"),
        false => {
            let bend = x1 + (x2 - x1) * 0.5;
            format!("M{x1:.1} {y1:.1}C{bend:.1} {y1:.1} {bend:.1} {y2:.1} {x2:.1} {y2:.1}")
        }
    };
    writeln!(
        out,
        r#"<path d="{path}" fill="none" stroke="{ARROW}"{style} marker-end="url(#tip)"/>"#
    )?;
    // Several sources lead to one step: the label is written once, at the straightest of them.
    let x = (x1 + x2) / 2.0;
    let y = (y1 + y2) / 2.0 - 7.0;
    write_label(out, x, y, &edge.label)
}

fn write_call(out: &mut String, from: Rect, to: Rect) -> fmt::Result {
    let down = from.y < to.y;
    let (y1, y2) = if down {
        (from.bottom(), to.y)
    } else {
        (from.y, to.bottom())
    };
    let (x1, x2, bend) = (from.middle(), to.middle(), (y1 + y2) / 2.0);
    let path = match (x1 - x2).abs() < 0.5 {
        true => format!("M{x1:.1} {y1:.1}V{y2:.1}"),
        false => format!("M{x1:.1} {y1:.1}C{x1:.1} {bend:.1} {x2:.1} {bend:.1} {x2:.1} {y2:.1}"),
    };
    writeln!(
        out,
        r#"<path d="{path}" fill="none" stroke="{ARROW}" stroke-width="1.2" marker-end="url(#tip)"/>"#
    )
}

fn write_jump(out: &mut String, edge: &Edge, (from, to): (Rect, Rect), top: f64) -> fmt::Result {
    // A step's own ends of jumps stand apart from each other, and a jump to itself is still seen.
    let (x1, x2) = (from.middle() + 10.0, to.middle() - 10.0);
    let (y1, y2) = (from.y, to.y);
    let side = 8.0_f64.copysign(x2 - x1);
    writeln!(
        out,
        r#"<path d="M{x1:.1} {y1:.1}V{:.1}Q{x1:.1} {top:.1} {:.1} {top:.1}H{:.1}Q{x2:.1} {top:.1} {x2:.1} {:.1}V{y2:.1}" fill="none" stroke="{ARROW}" stroke-width="1.2" stroke-dasharray="4 3" marker-end="url(#tip)"/>"#,
        top + 8.0,
        x1 + side,
        x2 - side,
        top + 8.0
    )?;
    write_label(out, (x1 + x2) / 2.0, top - 4.0, &edge.label)
}

fn write_label(out: &mut String, x: f64, y: f64, label: &str) -> fmt::Result {
    if label.is_empty() {
        return Ok(());
    }
    let label = escaped(label);
    writeln!(
        out,
        r##"<text x="{x:.1}" y="{y:.1}" font-size="{LABEL_SIZE}" fill="{ARROW}" text-anchor="middle" paint-order="stroke" stroke="#ffffff" stroke-width="3">{label}</text>"##
    )
}

fn write_node(out: &mut String, node: &Node, at: Rect) -> fmt::Result {
    let (fill, line) = node.part.colours();
    let Rect { x, y, w, h } = at;
    let mut top = y;
    match node.part {
        Part::Source => writeln!(
            out,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" rx="{:.1}" fill="{fill}" stroke="{line}"/>"#,
            (h / 2.0).min(22.0)
        )?,
        Part::Step(_) => writeln!(
            out,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" rx="5" fill="{fill}" stroke="{line}"/>"#
        )?,
        Part::Conn => {
            top += 10.0;
            let (half, low) = (w / 2.0, at.bottom() - 6.0);
            writeln!(
                out,
                r#"<path d="M{x:.1} {:.1}V{low:.1}A{half:.1} 6 0 0 0 {:.1} {low:.1}V{:.1}" fill="{fill}" stroke="{line}"/><ellipse cx="{:.1}" cy="{:.1}" rx="{half:.1}" ry="6" fill="{fill}" stroke="{line}"/>"#,
                y + 6.0,
                at.right(),
                y + 6.0,
                at.middle(),
                y + 6.0
            )?;
        }
    }
    let (x, mut y) = (at.middle(), top + 19.0);
    let title = escaped(&node.title);
    writeln!(
        out,
        r#"<text x="{x:.1}" y="{y:.1}" font-size="{TITLE_SIZE}" font-weight="600" fill="{INK}" text-anchor="middle">{title}</text>"#
    )?;
    for detail in &node.details {
        y += LINE;
        let detail = escaped(detail);
        writeln!(
            out,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{DETAIL_SIZE}" fill="{line}" text-anchor="middle">{detail}</text>"#
        )?;
    }
    Ok(())
}
