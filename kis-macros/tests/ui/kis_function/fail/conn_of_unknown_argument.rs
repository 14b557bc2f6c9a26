// conn(..) names arguments.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[kis_function(mode = "Save", conn(cashe = "A"))]
pub fn save(rows: &[Score], cache: &Conn<Table>) {
    let _ = (rows, cache);
}

fn main() {}
