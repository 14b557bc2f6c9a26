// A connector needs an argument that takes it.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Save", conn = "Cache")]
pub fn save(rows: &[Score]) {
    let _ = rows;
}

fn main() {}
