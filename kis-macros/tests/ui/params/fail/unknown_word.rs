// The attribute knows its words.

use kis_core::prelude::*;

#[derive(Params)]
pub struct SaveParams {
    #[param(defalt = 1)]
    pub size: u32,
}

fn main() {}
