// The attribute stands on impl Connector.

use kis_core::prelude::*;

#[connector]
pub struct Redis;

#[connector]
impl Clone for Redis {
    fn clone(&self) -> Self {
        Redis
    }
}

fn main() {}
