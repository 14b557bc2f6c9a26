// Params have names.

use kis_core::prelude::*;

#[derive(Params)]
pub struct SaveParams(u32);

fn main() {}
