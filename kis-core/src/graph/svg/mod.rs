//! The graph as one SVG picture that needs nothing else.

mod draw;
pub(super) mod layout;
mod text;

use super::model::Graph;

impl Graph {
    /// The graph as an SVG picture: a band for each flow, rows from left to right, connectors below their steps.
    pub fn svg(&self) -> String {
        let bands: Vec<layout::Band> = self.flows.iter().map(layout::band).collect();
        draw::picture(self, &bands)
    }
}
