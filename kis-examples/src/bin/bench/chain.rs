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
}

/// The costs of all stateless forms, and in front of them the bare loop that makes one `Vec` per step.
pub fn costs(runs: usize) -> Result<Vec<Cost>> {
    let bare = |rows| bare_loop(rows, runs);
    let mut costs = vec![Cost {
        form: "bare loop: `iter().map().collect()`",
        one: bare(1),
        thousand: bare(1000),
    }];
    costs.push(form::<keep>("`&T -> bool`", runs)?);
    costs.push(form::<map>("`&T -> T`", runs)?);
    costs.push(form::<map_owned>("`T -> T`", runs)?);
    costs.push(form::<map_result>("`&T -> Result<T>`", runs)?);
    costs.push(form::<map_option>("`&T -> Option<T>`", runs)?);
    costs.push(form::<map_vec>("`&T -> Vec<T>`", runs)?);
    costs.push(form::<look_batch>("`&[T] -> Result<()>`", runs)?);
    costs.push(form::<map_batch>("`Vec<T> -> Vec<T>`", runs)?);
    costs.push(form::<look_async>("`async &[T] -> Result<()>`", runs)?);
    costs.push(form::<map_async>("`async &T -> T`", runs)?);
    Ok(costs)
}

fn form<F: Function>(form: &'static str, runs: usize) -> Result<Cost> {
    Ok(Cost {
        form,
        one: per_step::<F>(1, runs)?,
        thousand: per_step::<F>(1000, runs)?,
    })
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

fn bare_loop(rows: usize, runs: usize) -> f64 {
    let points = points(rows);
    let mut shortest = f64::INFINITY;
    for _ in 0..runs {
        let mut rows = points.clone();
        let started = Instant::now();
        for _ in 0..STEPS {
            rows = black_box(rows.iter().map(moved).collect());
        }
        shortest = shortest.min(started.elapsed().as_nanos() as f64);
    }
    shortest / (STEPS * rows) as f64
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
