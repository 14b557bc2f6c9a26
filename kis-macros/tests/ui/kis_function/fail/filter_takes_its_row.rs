// A filter borrows its row.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Verify")]
pub fn check(row: Score) -> bool {
    row.score > 0
}

fn main() {}
