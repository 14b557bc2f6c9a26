// A field has a type that rows know.

use kis_core::prelude::*;

pub struct Money(pub i64);

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub price: Money,
}

fn main() {}
