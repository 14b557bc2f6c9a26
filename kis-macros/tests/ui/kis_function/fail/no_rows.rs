// The first argument is the row or the batch.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Verify")]
pub fn check() -> bool {
    true
}

fn main() {}
