//! The functions of the sample.

use kis_core::prelude::*;

use crate::rows::{StuAvg, StuScore};

/// Keeps only students of this school.
#[kis_function(mode = "Verify")]
pub fn verify_stu(row: &StuScore) -> bool {
    row.stu_id > 0
}

#[kis_function(mode = "Calculate")]
pub fn avg_stu_score(row: StuScore) -> StuAvg {
    StuAvg { stu_id: row.stu_id, avg_score: row.score_1 as f64 }
}

/// A body that is being written.
#[kis_function(mode = "Calculate")]
pub fn unfinished(row: &StuScore) -> StuAvg {
    let id = row.
}
