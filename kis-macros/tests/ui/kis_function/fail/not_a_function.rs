// The attribute stands on a function.

use kis_core::prelude::*;

#[kis_function(mode = "Verify")]
pub struct Score {
    pub id: i64,
}

fn main() {}
