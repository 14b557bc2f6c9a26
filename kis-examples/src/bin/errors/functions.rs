//! Functions to make mistakes with.

use std::time::Duration;

use kis_core::prelude::*;

/// What a student reached.
#[derive(Debug, Row)]
pub struct Score {
    /// The student's number.
    pub student: i64,
    /// Points in maths.
    pub maths: i64,
    /// Points in music.
    pub music: i64,
}

/// The mean of what a student reached.
#[derive(Debug, Row)]
pub struct Average {
    /// The student's number.
    pub student: i64,
    /// The mean.
    pub average: f64,
}

/// An average in whole points.
#[derive(Debug, Row)]
pub struct Points {
    /// The student's number.
    pub student: i64,
    /// The mean, rounded.
    pub average: i64,
}

/// How averages are kept.
#[derive(Debug, Params)]
pub struct Keep {
    /// For how long.
    pub keep: Duration,
    /// How many at most.
    #[param(default = 100, min = 1, max = 1000)]
    pub most: u32,
}

/// Keeps the scores that can be true.
#[kis_function(mode = "Verify")]
pub fn possible(score: &Score) -> bool {
    (0..=100).contains(&score.maths) && (0..=100).contains(&score.music)
}

/// The mean of both scores.
#[kis_function(mode = "Calculate")]
pub fn mean(score: &Score) -> Average {
    Average {
        student: score.student,
        average: (score.maths + score.music) as f64 / 2.0,
    }
}

/// Goes back to `mean` until everybody has passed.
#[kis_function(mode = "Verify", jumps(mean))]
pub fn examine_again(averages: &[Average]) -> Outcome {
    if averages.iter().any(|row| row.average < 50.0) {
        return Outcome::jump::<mean>();
    }
    Outcome::next()
}

/// Keeps averages in a table.
#[kis_function(mode = "Save", conn = "averages")]
pub fn save_averages(rows: &[Average], averages: &Conn<Table>, keep: &Params<Keep>) -> Result<()> {
    let most = rows.len().min(keep.most as usize);
    averages.put_all(rows[..most].iter().map(|row| (row.student, row)))?;
    Ok(())
}

/// Writes averages into a file.
#[kis_function(mode = "Save", conn = "report")]
pub fn write_averages(rows: &[Average], report: &Conn<FileSink>) -> Result<()> {
    report.write_all(rows)?;
    Ok(())
}

/// Prints an average and lets go of it.
#[kis_function(mode = "Expand")]
pub fn print_average(row: Average) {
    println!("{}: {}", row.student, row.average);
}

/// Prints an average in whole points.
#[kis_function(mode = "Expand")]
pub fn print_points(row: &Points) {
    println!("{}: {}", row.student, row.average);
}
