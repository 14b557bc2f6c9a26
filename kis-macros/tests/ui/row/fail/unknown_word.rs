// The attribute knows its words.

use kis_core::prelude::*;

#[derive(Row)]
#[row(own_sered)]
pub struct Score {
    #[row(defualt)]
    pub id: i64,
}

fn main() {}
