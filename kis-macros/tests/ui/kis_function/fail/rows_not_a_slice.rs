// A batch is borrowed as a slice.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Verify")]
pub fn check(rows: &Vec<Score>) {
    let _ = rows;
}

fn main() {}
