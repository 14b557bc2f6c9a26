// All mistakes of one attribute are reported at once.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mod = "Verify", conn(a = "x/y"), concurrent = 0, blocking, wait)]
pub fn check<T>(row: &mut Score, more: impl Row) -> impl Row {
    row
}

fn main() {}
