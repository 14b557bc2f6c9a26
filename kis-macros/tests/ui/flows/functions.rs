// The functions that the flows of these tests name.

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

#[derive(Row)]
pub struct StuText {
    pub stu_id: String,
}

#[derive(Params)]
pub struct SaveParams {
    #[param(default = 10, min = 1, max = 1000)]
    pub size: u32,
    pub prefix: String,
}

#[kis_function(mode = "Verify")]
pub fn verify_stu(row: &StuScore) -> bool {
    row.stu_id > 0
}

#[kis_function(mode = "Calculate")]
pub fn avg_stu_score(row: StuScore) -> StuAvg {
    StuAvg {
        stu_id: row.stu_id,
        avg_score: row.score_1 as f64,
    }
}

#[kis_function(mode = "Expand")]
pub fn by_text(row: &StuText) {
    let _ = row;
}

#[kis_function(mode = "Expand")]
pub fn sink(rows: Vec<StuAvg>) {
    drop(rows);
}

#[kis_function(mode = "Save", conn = "averages")]
pub async fn save_avg(rows: &[StuAvg], table: &Conn<Table>, params: &Params<SaveParams>) -> Result<()> {
    let _ = (rows, table, params);
    Ok(())
}

#[kis_function(mode = "Save")]
pub fn write_file(rows: &[StuAvg], file: &Conn<kis_core::conn::FileSink>) {
    let _ = (rows, file);
}

#[kis_function(mode = "Load", conn = "avergaes")]
pub async fn load_avg(rows: &[StuAvg], table: &Conn<Table>) -> Result<()> {
    let _ = (rows, table);
    Ok(())
}

#[kis_function(mode = "Calculate", jumps(avg_stu_score))]
pub fn again(rows: &[StuAvg]) -> Outcome<StuAvg> {
    let _ = rows;
    Outcome::jump::<avg_stu_score>()
}

#[derive(Debug, KisError)]
pub enum GradeError {
    #[kis(reject, "no grade")]
    NoGrade,
    #[kis(retry, "busy")]
    TryLater,
}

#[kis_function(mode = "Verify")]
pub fn grade(row: &StuAvg) -> Result<(), GradeError> {
    if row.avg_score < 0.0 {
        return Err(GradeError::NoGrade);
    }
    Err(GradeError::TryLater)
}
