// A type that brings its own serde, and every kind of field.

use std::collections::BTreeMap;

use kis_core::__private::{jiff, serde};
use kis_core::prelude::*;

#[derive(Row, serde::Serialize, serde::Deserialize)]
#[serde(crate = "kis_core::__private::serde")]
#[row(own_serde)]
pub struct Own {
    id: i64,
}

#[derive(FieldValue, Clone, Copy)]
pub struct Id(u64);

#[derive(FieldValue)]
pub enum Class {
    Economy,
    First,
}

#[derive(Row)]
#[serde(rename_all = "camelCase")]
pub struct All {
    pub a: bool,
    pub b: i8,
    pub c: u64,
    pub d: f32,
    pub e: char,
    pub f: String,
    pub g: Vec<u8>,
    pub h: jiff::Timestamp,
    pub i: jiff::civil::Date,
    pub j: std::time::Duration,
    pub k: Option<Vec<String>>,
    pub l: BTreeMap<String, i64>,
    pub m: Own,
    pub n: Vec<Own>,
    pub o: Id,
    pub p: Class,
    #[row(json)]
    pub q: (i64, String),
    #[serde(skip)]
    pub r#type: i64,
    #[serde(default = "ten")]
    pub ten: i64,
}

fn ten() -> i64 {
    10
}

fn main() {
    let names: Vec<&str> = All::SHAPE.fields.iter().map(|field| field.name).collect();
    assert_eq!(names.join(" "), "a b c d e f g h i j k l m n o p q ten");
}
