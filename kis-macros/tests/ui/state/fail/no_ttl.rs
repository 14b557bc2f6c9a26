// A state says how long it is kept.

use kis_core::prelude::*;

#[derive(Clone, Default, State)]
pub struct Sum {
    pub sum: i64,
}

fn main() {}
