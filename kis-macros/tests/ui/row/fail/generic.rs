// A row has one list of fields.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score<T> {
    pub score: T,
}

fn main() {}
