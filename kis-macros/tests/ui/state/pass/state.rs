// A state of any form.

use std::time::Duration;

use kis_core::prelude::*;

#[derive(Clone, Default, State)]
#[state(ttl = "12h", version = 2, migrate_from = SumV1)]
pub struct Sum {
    pub sum: i64,
    #[serde(default)]
    pub names: Vec<String>,
}

#[derive(Clone, Default, State)]
#[state(ttl = "12h")]
pub struct SumV1 {
    pub sum: i32,
}

impl From<SumV1> for Sum {
    fn from(old: SumV1) -> Sum {
        Sum { sum: old.sum.into(), names: vec!["old".into()] }
    }
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
    let old: Sum = SumV1 { sum: 3 }.into();
    assert_eq!((old.sum, old.names.len()), (3, 1));
}
