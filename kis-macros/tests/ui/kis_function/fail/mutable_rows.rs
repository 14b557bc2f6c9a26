// Rows are borrowed or taken, not changed in place.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Verify")]
pub fn check(row: &mut Score) {
    row.score += 1;
}

fn main() {}
