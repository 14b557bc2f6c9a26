//! The suite finds what is broken: sources and connectors with one flaw each, and the checks that must see it.

mod connector;
mod source;

use super::Report;

/// The names of the broken checks.
fn broken(report: &Report) -> Vec<&'static str> {
    report.broken().iter().map(|broken| broken.check).collect()
}
