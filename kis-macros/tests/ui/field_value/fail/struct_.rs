// A struct with names is a row.

use kis_core::prelude::*;

#[derive(FieldValue)]
pub struct Class {
    pub name: String,
}

fn main() {}
