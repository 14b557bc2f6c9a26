// Fields of a row have names.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score(i64, i64);

#[kis_function(mode = "Verify")]
pub fn check(row: &Score) -> bool {
    row.0 > 0
}

fn main() {}
