//! The whole command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The commands of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Do everything CI does
    Ci(CiFlags),
    /// Test the invariants of the workspace: layers, files, dependencies, README
    Tidy,
    /// Measure against hand-written loops and write the table into README.md
    Bench(BenchFlags),
    /// Run the UI tests of the macros
    Ui(UiFlags),
    /// Break processes in every way that they must survive, and see that no row is lost, doubled or out of order
    Faults(FaultsFlags),
    /// Run the fuzz targets
    Fuzz(FuzzFlags),
    /// Judge the YAML of a folder without compiling anything
    Check(CheckFlags),
}

#[derive(Debug, Args)]
pub(crate) struct CiFlags {
    /// Only these steps
    #[arg(value_name = "STEP", value_parser = clap::builder::PossibleValuesParser::new(crate::ci::names()))]
    pub(crate) steps: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchFlags {
    /// Print the table and leave README.md as it is
    #[arg(long)]
    pub(crate) print: bool,
    /// Handed to the bench program
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct UiFlags {
    /// Write the messages of this compiler as the expected ones
    #[arg(long)]
    pub(crate) bless: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FaultsFlags {
    /// Only tests, or with --mutations only mutations, with one of these in their name
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Faults that last for a while last for a minute
    #[arg(long)]
    pub(crate) long: bool,
    /// The seed of random moments, as a test that failed printed it
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Break the code in a copy of the workspace instead, one place at a time, and demand that a test notices
    #[arg(long)]
    pub(crate) mutations: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FuzzFlags {
    /// How long each target runs
    #[arg(long, default_value_t = 600)]
    pub(crate) seconds: u32,
    /// Only this target
    pub(crate) target: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckFlags {
    /// The folder with the YAML files
    #[arg(default_value = "conf")]
    pub(crate) dir: PathBuf,
}

#[cfg(test)]
mod tests;
