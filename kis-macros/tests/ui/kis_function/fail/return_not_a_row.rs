// One row becomes rows, a filter or nothing.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Calculate")]
pub fn double(row: &Score) -> i64 {
    row.score * 2
}

fn main() {}
