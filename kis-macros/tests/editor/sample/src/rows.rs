//! The rows of the sample.

use kis_core::prelude::*;

#[derive(Row)]
pub struct StuScore {
    pub stu_id: i64,
    pub score_1: i64,
}

#[derive(Row)]
pub struct StuAvg {
    pub stu_id: i64,
    pub avg_score: f64,
}
