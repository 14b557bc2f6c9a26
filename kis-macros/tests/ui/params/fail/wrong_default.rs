// A default is a value that YAML could give.

use kis_core::prelude::*;

#[derive(Params)]
pub struct SaveParams {
    #[param(default = 0, min = 1, max = 10)]
    pub size: u32,
    #[param(default = "soon")]
    pub ttl: std::time::Duration,
    #[param(default = 300)]
    pub small: u8,
}

fn main() {}
