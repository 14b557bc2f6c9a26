// A state of any form.

use std::time::Duration;

use kis_core::prelude::*;

#[derive(Clone, Default, State)]
#[state(ttl = "12h", version = 2)]
pub struct Sum {
    pub sum: i64,
    #[serde(default)]
    pub names: Vec<String>,
}

#[derive(Clone, Default, State)]
#[state(ttl = "90s")]
pub enum Phase {
    #[default]
    New,
    Running(u32),
}

fn main() {
    assert_eq!((Sum::TTL, Sum::VERSION, Phase::VERSION), (Duration::from_secs(43200), 2, 1));
    assert_ne!(Sum::FINGERPRINT, Phase::FINGERPRINT);
}
