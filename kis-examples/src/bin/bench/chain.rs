//! What a step costs: the time of a long chain less that of a short one, over steps and rows.

use std::{hint::black_box, time::Instant};

use kis_core::{
    Result,
    function::Function,
    program::{Flow, block_on},
};

use super::points::{
    Point, keep, look_async, look_batch, map, map_async, map_batch, map_option, map_owned, map_result,
    map_vec, moved,
};

/// Steps of the long chain beyond those of the short one.
const STEPS: usize = 128;

/// The cost of one signature form, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// The form, as it is written.
    pub form: &'static str,
    /// A step with a batch of one row.
    pub one: f64,
    /// A row and step in batches of 1,000.
    pub thousand: f64,
    /// The same work in a bare loop that makes one `Vec` per step.
    pub bare: f64,
}

/// The costs of all stateless forms.
pub fn costs(runs: usize) -> Result<Vec<Cost>> {
    let map_loop = bare_loop(runs, |rows| rows.iter().map(moved).collect());
    let vec_loop = bare_loop(runs, |rows| {
        rows.iter().flat_map(|row| vec![moved(row)]).collect()
    });
    let mut costs = Vec::new();
    let mut add = |form, cost: Result<[f64; 2]>, bare| -> Result<()> {
        let [one, thousand] = cost?;
        costs.push(Cost {
            form,
            one,
            thousand,
            bare,
        });
        Ok(())
    };
    add("`&T -> bool`", form::<keep>(runs), map_loop)?;
    add("`&T -> T`", form::<map>(runs), map_loop)?;
    add("`T -> T`", form::<map_owned>(runs), map_loop)?;
    add("`&T -> Result<T>`", form::<map_result>(runs), map_loop)?;
    add("`&T -> Option<T>`", form::<map_option>(runs), map_loop)?;
    add("`&T -> Vec<T>`", form::<map_vec>(runs), vec_loop)?;
    add("`&[T] -> Result<()>`", form::<look_batch>(runs), map_loop)?;
    add("`Vec<T> -> Vec<T>`", form::<map_batch>(runs), map_loop)?;
    add("`async &[T] -> Result<()>`", form::<look_async>(runs), map_loop)?;
    add("`async &T -> T`", form::<map_async>(runs), map_loop)?;
    Ok(costs)
}

/// With batches of one row, and of a thousand.
fn form<F: Function>(runs: usize) -> Result<[f64; 2]> {
    Ok([per_step::<F>(1, runs)?, per_step::<F>(1000, runs)?])
}

/// Nanoseconds per row and step.
fn per_step<F: Function>(rows: usize, runs: usize) -> Result<f64> {
    let (short, long) = (
        chain_time::<F>(1, rows, runs)?,
        chain_time::<F>(1 + STEPS, rows, runs)?,
    );
    Ok((long - short) / (STEPS * rows) as f64)
}

/// The shortest run of a flow of `steps` equal steps, in nanoseconds.
fn chain_time<F: Function>(steps: usize, rows: usize, runs: usize) -> Result<f64> {
    block_on(async {
        let mut builder = Flow::builder("chain");
        for _ in 0..steps {
            builder = builder.link::<F>();
        }
        let mut flow = builder.build().await?;
        let rows = points(rows);
        let mut shortest = f64::INFINITY;
        for _ in 0..runs {
            flow.push_all(rows.clone())?;
            let started = Instant::now();
            flow.run().await?;
            shortest = shortest.min(started.elapsed().as_nanos() as f64);
        }
        Ok(shortest)
    })
}

/// Nanoseconds per row and step of a loop over a thousand rows.
fn bare_loop(runs: usize, step: impl Fn(&[Point]) -> Vec<Point>) -> f64 {
    let points = points(1000);
    let mut shortest = f64::INFINITY;
    for _ in 0..runs {
        let mut rows = points.clone();
        let started = Instant::now();
        for _ in 0..STEPS {
            rows = black_box(step(&rows));
        }
        shortest = shortest.min(started.elapsed().as_nanos() as f64);
    }
    shortest / (STEPS * points.len()) as f64
}

fn points(rows: usize) -> Vec<Point> {
    let point = |i| Point {
        key: i % 1000,
        x: i,
        y: 1,
        z: 2,
    };
    (0..rows as i64).map(point).collect()
}
