// concurrent is for async functions that take one row.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Calculate", concurrent = 8)]
pub fn one(row: &Score) {
    let _ = row;
}

#[kis_function(mode = "Calculate", concurrent = 8)]
pub async fn batch(rows: &[Score]) {
    let _ = rows;
}

#[kis_function(mode = "Calculate", concurrent = 1)]
pub async fn alone(row: &Score) {
    let _ = row;
}

#[kis_function(mode = "Calculate", blocking)]
pub async fn blocks(row: &Score) {
    let _ = row;
}

fn main() {}
