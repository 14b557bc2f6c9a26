//! Many flows in one process: how long until all of them run, and what each takes of memory.

use std::{
    fmt::Write as _,
    fs, io,
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use kis_core::prelude::*;

use super::{child, points::Point};

static ARRIVED: AtomicU64 = AtomicU64::new(0);

/// Ends the process when every flow has had its first row.
#[kis_function(mode = "Expand")]
pub fn arrived(_: &Point) -> Result<()> {
    let flows = std::env::var(FLOWS).ok().and_then(|flows| flows.parse().ok());
    if Some(ARRIVED.fetch_add(1, Relaxed) + 1) == flows {
        child::say_first_row();
        child::say_cost().map_err(|error| Error::fatal(error.to_string()))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the measurement is over, and draining ten thousand flows is no part of it"
        )]
        std::process::exit(0);
    }
    Ok(())
}

/// The environment variable that tells a child how many flows there are.
pub const FLOWS: &str = "KIS_BENCH_FLOWS";

/// Writes the files of so many flows, each with a source of its own that gives a row now and then.
pub fn write_conf(dir: &Path, flows: u64) -> io::Result<()> {
    const A_FILE: u64 = 100;
    fs::create_dir_all(dir)?;
    for first in (0..flows).step_by(A_FILE as usize) {
        let mut text = String::new();
        for flow in first..flows.min(first + A_FILE) {
            // Writing into a String cannot fail.
            let _ = write!(
                text,
                "kistype: flow\nstatus: 1\nflow_name: flow_{flow}\nlanes: 1\nflows: [ {{ fname: arrived }} ]\n---\nkistype: source\nsname: points_{flow}\ntype: generate\nflow: flow_{flow}\nparams: {{ rate: 1/h, fields: {{ key: sequence, x: sequence, y: sequence, z: sequence }} }}\n---\n"
            );
        }
        fs::write(
            dir.join(format!("flows_{first}.yml")),
            text.trim_end_matches("---\n"),
        )?;
    }
    fs::write(
        dir.join("global.yml"),
        "kistype: global\nstore: { path: store }\n",
    )
}
