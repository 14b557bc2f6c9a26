// Either all variants have a text or none.

use kis_core::prelude::*;

#[derive(Debug, KisError)]
pub enum AccountError {
    #[kis(reject, "no account {0}")]
    Unknown(i64),
    #[kis(retry)]
    Locked,
}

fn main() {}
