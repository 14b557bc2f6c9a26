//! How a command ends, as the number that the shell sees.

use std::process::ExitCode;

/// How a command came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did what it was told.
    Ok = 0,
    /// A flow failed, or rows became dead letters under `--fail-on-dead`.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The time to drain was over before every flow had finished.
    DrainDeadline = 75,
    /// The configuration is wrong.
    Config = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
