// An error is a std error.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Calculate")]
pub fn first(row: &Score) -> std::result::Result<(), String> {
    Err(format!("no {}", row.id))
}

fn main() {}
