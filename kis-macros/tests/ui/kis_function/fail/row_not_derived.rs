// The first argument is a row.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

pub struct Other {
    pub id: i64,
}

#[kis_function(mode = "Verify")]
pub fn check(row: &Other) -> bool {
    row.id > 0
}

fn main() {}
