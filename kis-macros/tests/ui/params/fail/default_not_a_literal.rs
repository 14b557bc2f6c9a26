// A default is a literal.

use kis_core::prelude::*;

const TEN: u32 = 10;

#[derive(Params)]
pub struct SaveParams {
    #[param(default = TEN)]
    pub size: u32,
}

fn main() {}
