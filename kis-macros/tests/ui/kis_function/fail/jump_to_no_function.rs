// A jump goes to a flow function.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

pub fn plain() {}

#[kis_function(mode = "Calculate", jumps(plain))]
pub fn check(rows: &[Score]) -> Outcome {
    let _ = rows;
    Outcome::abort()
}

fn main() {}
