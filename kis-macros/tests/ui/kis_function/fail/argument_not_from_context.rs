// Arguments behind the rows come from the context.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Verify")]
pub fn check(row: &Score, least: u32) -> bool {
    row.score > i64::from(least)
}

fn main() {}
