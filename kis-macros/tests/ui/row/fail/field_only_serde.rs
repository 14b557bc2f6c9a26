// A type that only serde knows is marked json.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub pair: (i64, i64),
}

fn main() {}
