//! Faults that a real process must survive: each test breaks one thing, and its oracle would show one row that is lost,
//! doubled or out of order.
//!
//! `cargo xtask faults` runs them at full length, `cargo xtask ci faults` with few and short faults;
//! `cargo xtask faults --mutations` breaks the code and demands that the oracles notice.
#![expect(
    clippy::print_stdout,
    reason = "a test says how to run it again, and why it is left out"
)]

mod clock;
mod disks;
mod flights;
mod inputs;
mod job;
mod kills;
mod oracle;
mod pressure;
mod process;
mod rows;
mod saves;
mod scale;
mod stops;
