// Each variant has a class.

use kis_core::prelude::*;

#[derive(Debug, KisError)]
pub enum AccountError {
    #[kis(reject, "no account {0}")]
    Unknown(i64),
    Locked,
}

fn main() {}
