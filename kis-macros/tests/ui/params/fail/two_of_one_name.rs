// A name stands for one param.

use kis_core::prelude::*;

#[derive(Params)]
pub struct SaveParams {
    pub size: u32,
    #[param(rename = "size")]
    pub length: u32,
}

fn main() {}
