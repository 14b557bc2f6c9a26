// A function is registered once, with its types.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Verify")]
pub fn check<T: Row>(row: &T) -> bool {
    true
}

fn main() {}
