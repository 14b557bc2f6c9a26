//! Students, their scores and averages.

use kis_core::prelude::*;

/// The scores of a student.
#[derive(Debug, Row)]
pub struct StuScore {
    /// The student's number.
    pub stu_id: i64,
    /// The first score.
    pub score_1: i64,
    /// The second score.
    pub score_2: i64,
    /// The third score.
    pub score_3: i64,
}

/// The average of a student.
#[derive(Debug, Row)]
pub struct StuAvg {
    /// The student's number.
    pub stu_id: i64,
    /// The mean of the three scores.
    pub avg_score: f64,
}

/// Which students belong to this school.
#[derive(Debug, Params)]
pub struct School {
    /// The highest number that a student may have.
    #[param(default = 999, min = 0)]
    pub highest: i64,
}

/// Keeps only students of this school.
#[kis_function(mode = "Verify", name = "VerifyStu")]
pub fn verify_stu(row: &StuScore, school: &Params<School>) -> bool {
    (0..=school.highest).contains(&row.stu_id)
}

/// The average of the three scores.
#[kis_function(mode = "Calculate", name = "AvgStuScore")]
pub fn avg_stu_score(row: &StuScore) -> StuAvg {
    let sum = row.score_1 + row.score_2 + row.score_3;
    StuAvg {
        stu_id: row.stu_id,
        avg_score: sum as f64 / 3.0,
    }
}

/// Prints each average.
#[kis_function(mode = "Expand", name = "PrintStuAvgScore")]
pub fn print_stu_avg_score(row: &StuAvg) {
    println!("stuid: [{}], avg score: [{}]", row.stu_id, row.avg_score);
}

/// Writes the averages into a file.
#[kis_function(mode = "Save", conn = "Averages", name = "SaveStuAvgScore")]
pub fn save_stu_avg_score(rows: &[StuAvg], averages: &Conn<FileSink>) -> Result<()> {
    averages.write_all(rows)?;
    Ok(())
}
