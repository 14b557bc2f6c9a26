// A state is Clone and Default.

use kis_core::prelude::*;

#[derive(State)]
#[state(ttl = "1d")]
pub struct Sum {
    pub sum: i64,
}

fn main() {}
