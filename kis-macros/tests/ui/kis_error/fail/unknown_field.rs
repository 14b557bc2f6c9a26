// A text names fields that are there.

use kis_core::prelude::*;

#[derive(Debug, KisError)]
pub enum AccountError {
    #[kis(reject, "no account {name}")]
    Unknown { id: i64 },
}

fn main() {}
