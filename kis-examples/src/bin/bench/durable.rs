//! What it costs that nothing is lost: state of many keys and unique keys of a table, with a cut each second.

use std::{
    error::Error,
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use kis_core::{
    conn::{Table, store::TableKey},
    prelude::*,
};
use redb::{Database, TableDefinition};

use super::points::Point;

/// The longest time between two batches of the lane, in microseconds.
static LONGEST: AtomicU64 = AtomicU64::new(0);
static LAST: AtomicU64 = AtomicU64::new(0);

/// Notes how long it was since the last batch. The flow has one lane.
#[kis_function(mode = "Expand")]
pub fn gap(_: &[Point]) {
    static START: OnceLock<Instant> = OnceLock::new();
    let now = START.get_or_init(Instant::now).elapsed().as_micros() as u64;
    let last = LAST.swap(now, Relaxed);
    if last > 0 {
        LONGEST.fetch_max(now - last, Relaxed);
    }
}

/// The longest time that the lane stood still; nothing without a lane that was watched.
pub fn longest_gap() -> Option<Duration> {
    let longest = LONGEST.load(Relaxed);
    (longest > 0).then(|| Duration::from_micros(longest))
}

/// Saves points by a key that none of them shares.
#[kis_function(mode = "Save", conn = "Points")]
pub fn save_points(points: &[Point], table: &Conn<Table>) -> Result<()> {
    table.put_all(points.iter().map(|point| (point.x, point)))?;
    Ok(())
}

/// As many writes in one transaction as the flow has in a second.
const A_CUT: u64 = 500_000;

/// The same writes in the same order, straight into a database.
pub fn bare(path: &Path, rows: u64) -> Result<(), Box<dyn Error>> {
    const POINTS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("points");
    let db = Database::builder().set_cache_size(16 << 20).create(path)?;
    for first in (0..rows).step_by(A_CUT as usize) {
        let write = db.begin_write()?;
        {
            let mut table = write.open_table(POINTS)?;
            for x in first..rows.min(first + A_CUT) {
                let x = x as i64;
                let point = Point {
                    key: x % 1000,
                    x,
                    y: x % 1000,
                    z: 1,
                };
                let row = rmp_serde::to_vec_named(&point)?;
                table.insert(x.key().as_slice(), row.as_slice())?;
            }
        }
        write.commit()?;
    }
    Ok(())
}
