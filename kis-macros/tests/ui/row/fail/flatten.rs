// A row has one list of fields.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Inner {
    pub a: i64,
}

#[derive(Row)]
pub struct Score {
    #[serde(flatten)]
    pub inner: Inner,
}

fn main() {}
