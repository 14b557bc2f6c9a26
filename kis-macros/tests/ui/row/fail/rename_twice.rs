// A field has one name.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    #[row(rename = "a")]
    #[serde(rename = "b")]
    pub id: i64,
    #[row(rename = "c", rename = "d")]
    pub x: i64,
    #[row(rename = "y")]
    pub z: i64,
    pub y: i64,
}

fn main() {}
