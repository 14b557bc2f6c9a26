//! The functions of this example: plain functions, as everywhere.

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

/// What counts as a score.
#[derive(Debug, Params)]
pub struct Scale {
    /// The highest score.
    #[param(default = 100, min = 1)]
    pub highest: i64,
}

/// Why a score does not count.
#[derive(Debug, KisError)]
pub enum Impossible {
    /// It is not on the scale.
    #[kis(reject, "student {student} has {points} points, the scale ends at {highest}")]
    TooHigh {
        /// The student's number.
        student: i64,
        /// The points.
        points: i64,
        /// The end of the scale.
        highest: i64,
    },
}

/// Keeps the scores that are on the scale.
#[kis_function(mode = "Verify")]
pub fn possible(score: &Score, scale: &Params<Scale>) -> Result<(), Impossible> {
    match [score.maths, score.music]
        .into_iter()
        .find(|&points| points > scale.highest)
    {
        None => Ok(()),
        Some(points) => Err(Impossible::TooHigh {
            student: score.student,
            points,
            highest: scale.highest,
        }),
    }
}

/// The mean of both scores.
#[kis_function(mode = "Calculate")]
pub fn mean(score: &Score) -> Average {
    Average {
        student: score.student,
        average: (score.maths + score.music) as f64 / 2.0,
    }
}

/// Prints an average, with the name of the class that the program gave the flow.
#[kis_function(mode = "Expand")]
pub fn print_average(row: &Average, meta: &Meta) {
    let class = meta.flow().get("class").unwrap_or_else(|| "no class".to_owned());
    println!("{class}: student {} has {}", row.student, row.average);
}
