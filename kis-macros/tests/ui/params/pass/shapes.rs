// Params of every kind, their defaults, and a choice of words.

use std::{collections::BTreeMap, time::Duration};

use kis_core::__private::kis_conf::{ByteSize, Params as _, Place};
use kis_core::prelude::*;

/// How to save.
#[derive(Params)]
pub struct SaveParams {
    /// How many at once.
    #[param(default = 10, min = 1, max = 1000)]
    pub size: u32,
    #[param(default = -0.5, max = 1)]
    pub factor: f64,
    #[param(default = "1h")]
    pub ttl: Duration,
    #[param(default = "4MiB")]
    pub room: ByteSize,
    #[param(default = true, rename = "upsert")]
    pub up: bool,
    pub prefix: Option<String>,
    #[param(default = "[a, b]")]
    pub columns: Vec<String>,
    #[param(default = "{}")]
    pub more: BTreeMap<String, i64>,
    #[param(default = "fast")]
    pub speed: Speed,
    pub retry: Option<Retry>,
}

#[derive(Params, Debug, PartialEq)]
pub enum Speed {
    Fast,
    #[param(rename = "sure")]
    Certain,
}

#[derive(Params)]
pub struct Retry {
    #[param(default = 3)]
    pub attempts: u32,
}

#[derive(Params)]
pub struct None;

fn main() {
    let Ok(params) = SaveParams::read(&[], &Place::in_code()) else { panic!("the defaults are not read") };
    assert_eq!((params.size, params.factor, params.ttl), (10, -0.5, Duration::from_secs(3600)));
    assert_eq!((params.columns.len(), params.up, params.speed), (2, true, Speed::Fast));
    assert_eq!(SaveParams::SHAPE.params[0].doc, "How many at once.");
}
