//! How long the main job takes from its start to its first row.

use std::{fs, io, path::Path, sync::Once};

use kis_core::prelude::*;

use super::{child, rows::Flight};

/// The main job's flow.
const FLIGHTS: &str = include_str!("../flights/conf/flow-flights.yml");
const AIRLINES: &str = include_str!("../flights/conf/flow-airlines.yml");
const PLANES: &str = include_str!("../flights/conf/flow-planes.yml");
/// Its first step.
const FIRST: &str = "  - fname: has_left\n";

/// Says when it is called for the first time.
#[kis_function(mode = "Expand")]
pub fn first_row(_: &Flight) {
    static FIRST: Once = Once::new();
    FIRST.call_once(child::say_first_row);
}

/// Writes the main job's files with `first_row` as their first step.
pub fn write_conf(dir: &Path) -> io::Result<()> {
    let flights = FLIGHTS.replace(FIRST, &format!("  - fname: first_row\n{FIRST}"));
    fs::create_dir_all(dir)?;
    for (name, text) in [
        ("flights", flights.as_str()),
        ("airlines", AIRLINES),
        ("planes", PLANES),
    ] {
        fs::write(dir.join(format!("{name}.yml")), text)?;
    }
    Ok(())
}
