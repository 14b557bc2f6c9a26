//! Two flows see one student each from their own side: the first two scores here, the third there.

use kis_core::prelude::*;

/// The first two scores of a student.
#[derive(Debug, Row)]
pub struct StuScore12 {
    /// The student's number.
    pub stu_id: i64,
    /// The first score.
    pub score_1: i64,
    /// The second score.
    pub score_2: i64,
}

/// The third score of a student.
#[derive(Debug, Row)]
pub struct StuScore3 {
    /// The student's number.
    pub stu_id: i64,
    /// The third score.
    pub score_3: i64,
}

/// The third score, and the average of the first two.
#[derive(Debug, Row)]
pub struct StuScores {
    /// The student's number.
    pub stu_id: i64,
    /// The third score.
    pub score_3: i64,
    /// The average of the first two.
    pub avg_score_1_2: f64,
}

/// The average of a student.
#[derive(Debug, Row)]
pub struct StuAvg {
    /// The student's number.
    pub stu_id: i64,
    /// The average so far.
    pub avg_score: f64,
}

/// All that it takes to verify a student: rows of any type that has this field fit.
#[derive(Debug, Row)]
pub struct Student {
    /// The student's number.
    pub stu_id: i64,
}

/// Why a row is refused.
#[derive(Debug, KisError)]
pub enum Refused {
    /// The third score came without the other two.
    #[kis(reject, "student {0} has no scores 1 and 2")]
    NoFirstScores(i64),
}

/// Keeps only students of this school.
#[kis_function(mode = "Verify", name = "VerifyStu")]
pub fn verify_stu(row: &Student) -> bool {
    (0..=999).contains(&row.stu_id)
}

/// The average of the first two scores.
#[kis_function(mode = "Calculate", name = "AvgStuScore12")]
pub fn avg_stu_score_1_2(row: &StuScore12) -> StuAvg {
    StuAvg {
        stu_id: row.stu_id,
        avg_score: (row.score_1 + row.score_2) as f64 / 2.0,
    }
}

/// Keeps the average for the other flow.
#[kis_function(mode = "Save", conn = "Score12Cache", name = "SaveScoreAvg12")]
pub fn save_score_avg_1_2(rows: &[StuAvg], cache: &Conn<Table>) -> Result<()> {
    cache.put_all(rows.iter().map(|row| (row.stu_id, row)))?;
    Ok(())
}

/// Adds what the other flow kept.
#[kis_function(mode = "Load", conn = "Score12Cache", name = "LoadScoreAvg12")]
pub fn load_score_avg_1_2(row: &StuScore3, cache: &Conn<Table>) -> Result<StuScores> {
    let first: Option<StuAvg> = cache.get(row.stu_id)?;
    let first = first.ok_or(Refused::NoFirstScores(row.stu_id))?;
    Ok(StuScores {
        stu_id: row.stu_id,
        score_3: row.score_3,
        avg_score_1_2: first.avg_score,
    })
}

/// The average of all three scores.
#[kis_function(mode = "Calculate", name = "AvgStuScore3")]
pub fn avg_stu_score_3(row: &StuScores) -> StuAvg {
    StuAvg {
        stu_id: row.stu_id,
        avg_score: (row.score_3 as f64 + row.avg_score_1_2 * 2.0) / 3.0,
    }
}

/// Prints each average.
#[kis_function(mode = "Expand", name = "PrintStuAvgScore")]
pub fn print_stu_avg_score(row: &StuAvg) {
    println!("stuid: [{}], avg score: [{}]", row.stu_id, row.avg_score);
}
