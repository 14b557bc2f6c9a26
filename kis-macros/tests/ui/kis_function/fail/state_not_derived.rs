// State derives State.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[derive(Clone, Default)]
pub struct Sum {
    pub sum: i64,
}

#[kis_function(mode = "Calculate")]
pub fn add(row: &Score, sum: &mut Sum) {
    sum.sum += row.score;
}

fn main() {}
