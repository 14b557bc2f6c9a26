//! The student job: JSON lines, verify, average, JSON lines. As a flow, and as the loop one would write by hand.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::Path,
};

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

/// Keeps only students of this school.
#[kis_function(mode = "Verify")]
pub fn verify(row: &StuScore) -> bool {
    (0..=999_999).contains(&row.stu_id)
}

/// The average of the three scores.
#[kis_function(mode = "Calculate")]
pub fn average(row: &StuScore) -> StuAvg {
    StuAvg {
        stu_id: row.stu_id,
        avg_score: (row.score_1 + row.score_2 + row.score_3) as f64 / 3.0,
    }
}

/// Writes the averages into a file.
#[kis_function(mode = "Save", conn = "Averages")]
pub fn save(rows: &[StuAvg], averages: &Conn<FileSink>) -> Result<()> {
    averages.write_all(rows)?;
    Ok(())
}

/// Writes `rows` made-up scores; one in ten is of another school.
pub fn generate(path: &Path, rows: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BLOCK, File::create(path)?);
    for i in 0..rows {
        let stu_id = if i % 10 == 9 { 1_000_000 + i } else { i % 1_000_000 };
        let (a, b, c) = (i % 101, i * 7 % 101, i * 13 % 101);
        writeln!(
            out,
            r#"{{"stu_id":{stu_id},"score_1":{a},"score_2":{b},"score_3":{c}}}"#
        )?;
    }
    out.flush()
}

const BLOCK: usize = 1 << 20;

/// The same job in a loop: blocks of bytes, one buffer in, one buffer out. Returns how many rows it wrote.
pub fn by_hand(input: &Path, output: &Path) -> io::Result<u64> {
    let mut input = File::open(input)?;
    let mut out = BufWriter::with_capacity(BLOCK, File::create(output)?);
    let mut block = vec![0; BLOCK];
    let (mut kept, mut written) = (0, 0);
    loop {
        let read = input.read(&mut block[kept..])?;
        let filled = kept + read;
        let mut done = 0;
        for end in memchr::memchr_iter(b'\n', &block[..filled]) {
            let row: StuScore = serde_json::from_slice(&block[done..end])?;
            done = end + 1;
            if verify(&row) {
                serde_json::to_writer(&mut out, &average(&row))?;
                out.write_all(b"\n")?;
                written += 1;
            }
        }
        block.copy_within(done..filled, 0);
        kept = filled - done;
        if read == 0 {
            // As the flow does: the file is on the disk when the job is done.
            out.flush()?;
            out.get_ref().sync_all()?;
            return Ok(written);
        }
    }
}
