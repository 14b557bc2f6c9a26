//! Rows of four numbers, and one function for each form of a signature.

use kis_core::prelude::*;

/// 32 bytes.
#[derive(Clone, Debug, Row)]
pub struct Point {
    /// What state is kept by.
    pub key: i64,
    /// A number.
    pub x: i64,
    /// A number.
    pub y: i64,
    /// A number.
    pub z: i64,
}

/// What is kept for each key.
#[derive(Clone, Debug, Default, State)]
#[state(ttl = "1d")]
pub struct Count {
    rows: u64,
    sum: i64,
}

/// `&T -> bool`
#[kis_function(mode = "Verify")]
pub fn keep(row: &Point) -> bool {
    row.x >= 0
}

/// `&T -> ()`
#[kis_function(mode = "Expand")]
pub fn look(row: &Point) {
    std::hint::black_box(row.x);
}

/// `&T -> T`
#[kis_function(mode = "Calculate")]
pub fn map(row: &Point) -> Point {
    moved(row)
}

/// `T -> T`
#[kis_function(mode = "Calculate")]
pub fn map_owned(mut row: Point) -> Point {
    row.x += row.y;
    row
}

/// `&T -> Result<T>`
#[kis_function(mode = "Calculate")]
pub fn map_result(row: &Point) -> Result<Point> {
    if row.x == i64::MIN {
        return Err(Error::reject("too small"));
    }
    Ok(moved(row))
}

/// `&T -> Option<T>`
#[kis_function(mode = "Calculate")]
pub fn map_option(row: &Point) -> Option<Point> {
    (row.x != i64::MIN).then(|| moved(row))
}

/// `&T -> Vec<T>`
#[kis_function(mode = "Calculate")]
pub fn map_vec(row: &Point) -> Vec<Point> {
    vec![moved(row)]
}

/// `&[T] -> Result<()>`
#[kis_function(mode = "Expand")]
pub fn look_batch(rows: &[Point]) -> Result<()> {
    std::hint::black_box(rows.len());
    Ok(())
}

/// `Vec<T> -> Vec<T>`
#[kis_function(mode = "Calculate")]
pub fn map_batch(mut rows: Vec<Point>) -> Vec<Point> {
    for row in &mut rows {
        row.x += row.y;
    }
    rows
}

/// `async &[T] -> Result<()>`
#[kis_function(mode = "Expand")]
pub async fn look_async(rows: &[Point]) -> Result<()> {
    std::hint::black_box(rows.len());
    Ok(())
}

/// `async &T -> T`
#[kis_function(mode = "Calculate")]
pub async fn map_async(row: &Point) -> Point {
    moved(row)
}

/// `&T, &mut S`
#[kis_function(mode = "Calculate")]
pub fn count(row: &Point, count: &mut Count) {
    count.rows += 1;
    count.sum += row.x;
}

/// The work of all maps, and of the bare loop.
#[inline]
pub fn moved(row: &Point) -> Point {
    Point {
        x: row.x + row.y,
        ..*row
    }
}
