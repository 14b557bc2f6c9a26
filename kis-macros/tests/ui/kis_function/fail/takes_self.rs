// A function of a type is not a flow function.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

pub struct Checker;

impl Checker {
    #[kis_function(mode = "Verify")]
    pub fn check(&self, row: &Score) -> bool {
        row.score > 0
    }
}

fn main() {}
