// Actions come from batches.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Calculate", reuse)]
pub fn check(row: &Score) {
    let _ = row;
}

fn main() {}
