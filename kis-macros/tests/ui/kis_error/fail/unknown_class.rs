// There are four classes to choose from.

use kis_core::prelude::*;

#[derive(Debug, KisError)]
pub enum AccountError {
    #[kis(rejct, "no account {0}")]
    Unknown(i64),
}

fn main() {}
