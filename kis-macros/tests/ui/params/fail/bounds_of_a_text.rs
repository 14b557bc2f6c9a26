// Bounds are for numbers.

use kis_core::prelude::*;

#[derive(Params)]
pub struct SaveParams {
    #[param(min = 1)]
    pub name: String,
}

fn main() {}
