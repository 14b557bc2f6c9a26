// A batch becomes a batch.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Calculate")]
pub fn first(rows: Vec<Score>) -> Option<Score> {
    rows.into_iter().next()
}

fn main() {}
