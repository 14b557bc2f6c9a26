// A time to live is a duration.

use kis_core::prelude::*;

#[derive(Clone, Default, State)]
#[state(ttl = "soon", version = 2)]
pub struct Sum {
    pub sum: i64,
}

fn main() {}
