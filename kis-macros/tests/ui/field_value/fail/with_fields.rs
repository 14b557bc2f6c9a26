// A word has no fields.

use kis_core::prelude::*;

#[derive(FieldValue)]
pub enum Class {
    Economy,
    First(i64),
}

fn main() {}
