// A state says how it is made from the one before.

use kis_core::prelude::*;

#[derive(Clone, Default, State)]
#[state(ttl = "1d", version = 2, migrate_from = SumV1)]
pub struct Sum {
    pub sum: i64,
}

#[derive(Clone, Default, State)]
#[state(ttl = "1d")]
pub struct SumV1 {
    pub sum: i32,
}

fn main() {}
