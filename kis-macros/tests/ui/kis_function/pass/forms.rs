// Forms that users write, among them those that look like others.

use kis_core::prelude::*;

pub mod rows {
    use kis_core::prelude::*;

    #[derive(Row)]
    pub struct Score {
        pub id: i64,
    }
}

/// A function named like a part of the expansion.
#[kis_function(mode = "Verify")]
pub fn call(row: &rows::Score) -> bool {
    row.id > 0
}

#[kis_function(mode = "Calculate")]
pub fn r#match(row: &(rows::Score)) -> core::option::Option<rows::Score> {
    Some(rows::Score { id: row.id })
}

#[kis_function(mode = "Save", conn(first = "A", second = "B"))]
pub(crate) async fn two(rows: &[rows::Score], first: &Conn<Table>, second: &Conn<Table>) -> Result<()> {
    let _ = (rows, first, second);
    Ok(())
}

#[kis_function(mode = "Expand")]
pub fn patterns(_: &rows::Score, _: &Ctx) {}

#[cfg(any())]
#[kis_function(mode = "Verify")]
pub fn not_there(row: &Unknown) -> bool {
    true
}

#[kis_function(mode = "Expand")]
#[deprecated = "use another"]
#[must_use]
pub fn old(row: &rows::Score, meta: &Meta, cache: Cache, ext: &Ext<String>) -> Option<rows::Score> {
    let _ = (row, meta, cache, ext);
    None
}


fn main() {
    assert!(call(&rows::Score { id: 1 }));
}
