// A param has a type that YAML can give.

use kis_core::prelude::*;

#[derive(Params)]
pub struct SaveParams {
    pub path: std::path::PathBuf,
}

fn main() {}
