// State comes as &mut S for one row, &mut Keyed<S> for a batch.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

#[derive(Clone, Default, State)]
#[state(ttl = "1d")]
pub struct Sum {
    pub sum: i64,
}

#[kis_function(mode = "Calculate")]
pub fn one(row: &Score, sum: &mut Keyed<Sum>) {
    sum.of(row).sum += 1;
}

#[kis_function(mode = "Calculate")]
pub fn batch(rows: &[Score], sum: &mut Sum) {
    sum.sum += rows.len() as i64;
}

#[kis_function(mode = "Calculate")]
pub fn taken(rows: Vec<Score>, sum: &mut Keyed<Sum>) {
    rows.iter().for_each(|row| sum.of(row).sum += 1);
}

#[kis_function(mode = "Calculate")]
pub fn two(row: &Score, a: &mut Sum, b: &mut Sum) {
    (a.sum, b.sum) = (row.score, row.id);
}

#[kis_function(mode = "Calculate", key = "id")]
pub fn none(row: &Score) {
    let _ = row;
}

fn main() {}
