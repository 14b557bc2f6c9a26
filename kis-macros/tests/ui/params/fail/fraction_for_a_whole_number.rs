// A whole number has whole bounds.

use kis_core::prelude::*;

#[derive(Params)]
pub struct SaveParams {
    #[param(max = 1.5)]
    pub size: u32,
}

fn main() {}
