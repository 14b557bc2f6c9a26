// A state that is migrated has a later version.

use kis_core::prelude::*;

#[derive(Clone, Default, State)]
#[state(ttl = "1d", migrate_from = SumV1)]
pub struct Sum {
    pub sum: i64,
}

#[derive(Clone, Default, State)]
#[state(ttl = "1d")]
pub struct SumV1 {
    pub sum: i32,
}

impl From<SumV1> for Sum {
    fn from(old: SumV1) -> Sum {
        Sum { sum: old.sum.into() }
    }
}

fn main() {}
