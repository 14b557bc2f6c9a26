//! Airlines and planes: read once, kept in embedded tables.

use kis_core::prelude::*;

use crate::rows::{Airline, Plane};

/// Puts airlines into the table `airlines`, by their code.
#[kis_function(mode = "Save", conn = "airlines")]
pub fn save_airlines(rows: &[Airline], airlines: &Conn<Table>) -> Result<()> {
    airlines.put_all(rows.iter().map(|row| (&row.carrier, row)))?;
    Ok(())
}

/// Puts planes into the table `planes`, by the number on their tail.
#[kis_function(mode = "Save", conn = "planes")]
pub fn save_planes(rows: &[Plane], planes: &Conn<Table>) -> Result<()> {
    planes.put_all(rows.iter().map(|row| (&row.tailnum, row)))?;
    Ok(())
}
