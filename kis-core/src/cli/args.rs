//! The command line's grammar.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{dlq::Dlq, positions::Positions, state::State};
use crate::observe::logs::LogFormat;

/// Runs and inspects the flows of this program.
#[derive(Debug, Parser)]
#[command(
    version = concat!("built with KIS flow ", env!("CARGO_PKG_VERSION")),
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 ok, 1 a flow failed, 2 usage, 75 the time to drain was over, 78 the configuration is wrong."
)]
pub(super) struct Line {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command takes.
#[derive(Debug, Default, Args)]
pub(super) struct Common {
    /// Read the configuration from this folder, not from the program
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) conf: Option<PathBuf>,
    /// Set a value that the configuration reads as ${env:NAME}; it wins over the environment
    #[arg(long, value_name = "NAME=VALUE", global = true, value_parser = name_and_value)]
    pub(super) set: Vec<(String, String)>,
    /// How log lines are written; else KIS_LOG_FORMAT says it
    #[arg(long, value_name = "FORMAT", global = true, value_parser = ["text", "json"])]
    log: Option<String>,
}

impl Common {
    /// The log format, if it is given.
    pub(super) fn log(&self) -> Option<LogFormat> {
        self.log.as_ref().and_then(|word| word.parse().ok())
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the flows until their sources end, or until told to stop
    ///
    /// The first SIGINT (Ctrl-C) or SIGTERM drains: no more rows are taken, and those that were taken are finished
    /// and committed. The second one stops at once; what was not committed is read again at the next start.
    Run(Run),
    /// Check the configuration against the functions of this program
    Check,
    /// List functions, flows, connectors, and the kinds of sources and connectors
    List,
    /// Draw the flows
    Graph(Graph),
    /// Look at the state that is stored by key, or change it, while the flows are stopped
    #[command(subcommand)]
    State(State),
    /// Look at how far the sources were read, or change it, while the flows are stopped
    #[command(subcommand)]
    Positions(Positions),
    /// Look at dead letters, send them in again, or remove them, while the flows run or are stopped
    #[command(subcommand)]
    Dlq(Dlq),
    /// Explain an error code, or list all of them
    Explain {
        /// The code, as KIS0102
        code: Option<String>,
    },
}

/// How flows are run.
#[derive(Debug, Default, Args)]
pub(super) struct Run {
    /// Run only this flow; may be given several times
    #[arg(long = "flow", value_name = "NAME")]
    pub(super) flows: Vec<String>,
    /// Forget how far the flows were, with their state, and read from the start
    #[arg(long)]
    pub(super) fresh: bool,
    /// Exit with 1 if a row became a dead letter
    #[arg(long)]
    pub(super) fail_on_dead: bool,
    /// The folder of the embedded store; else `store: { path: .. }` says it
    #[arg(long, value_name = "DIR")]
    pub(super) store: Option<PathBuf>,
    /// Serve metrics and probes at this address; a port alone is open to this machine only
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<String>,
    /// Whether progress is shown
    #[arg(long, value_enum, default_value_t)]
    pub(super) progress: Progress,
}

/// Whether progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Progress {
    /// Live lines on a terminal, log lines elsewhere
    #[default]
    Auto,
    /// Not at all
    Never,
}

/// What is drawn, and how.
#[derive(Debug, Args)]
pub(super) struct Graph {
    /// Only this flow
    pub(super) flow: Option<String>,
    /// The language of the drawing
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: GraphFormat,
}

/// The language of a drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// For Markdown files and wikis
    #[default]
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}
