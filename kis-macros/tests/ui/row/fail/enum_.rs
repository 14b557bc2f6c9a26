// A row is a struct.

use kis_core::prelude::*;

#[derive(Row)]
pub enum Score {
    Low,
    High,
}

fn main() {}
