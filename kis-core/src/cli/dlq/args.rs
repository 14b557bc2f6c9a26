//! The command line of `dlq`.

use clap::{Args, Subcommand};

use super::{super::store::At, filter::Filter};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Dlq {
    /// List dead letters, the oldest first
    Ls(Ls),
    /// Count dead letters by flow, step, class and code
    Stats(Stats),
    /// Print everything about one letter
    Show(Show),
    /// Remove dead letters for good
    Purge(Purge),
    /// Send dead letters in again, each at the step that failed
    ///
    /// A letter is removed in the commit that settles its row, so a redrive may be stopped at any moment: nothing is
    /// lost or doubled. A row that fails again is the same letter. Works through the process that runs the flows; where
    /// none does, the flow is opened without its sources.
    Redrive(Redrive),
    /// Let a row that stops its flow become a dead letter at the next start
    Skip(Skip),
}

impl Dlq {
    pub(super) fn at(&self) -> &At {
        match self {
            Dlq::Ls(Ls { at, .. })
            | Dlq::Stats(Stats { at, .. })
            | Dlq::Show(Show { at, .. })
            | Dlq::Purge(Purge { at, .. })
            | Dlq::Redrive(Redrive { at, .. })
            | Dlq::Skip(Skip { at, .. }) => at,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Ls {
    #[command(flatten)]
    pub(super) filter: Filter,
    /// The most letters that are listed; 0 for all
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(super) limit: u64,
    /// One JSON object a line, with the row
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) at: At,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Stats {
    #[command(flatten)]
    pub(super) filter: Filter,
    /// One JSON object a line
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) at: At,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// The letter's id, or as much of its beginning as no other has
    pub(super) id: String,
    /// As JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) at: At,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Purge {
    #[command(flatten)]
    pub(super) filter: Filter,
    /// All letters of all flows
    #[arg(long)]
    pub(super) all: bool,
    /// Do it
    #[arg(long)]
    pub(super) yes: bool,
    /// Only say how many would go
    #[arg(long, conflicts_with = "yes")]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) at: At,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Redrive {
    #[command(flatten)]
    pub(super) filter: Filter,
    /// Only say what would be sent, and what cannot be
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The most letters a second
    #[arg(long, value_name = "N/s", value_parser = per_second)]
    pub(super) rate: Option<f64>,
    /// The most letters that are sent, of each flow
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,
    /// Leave letters that were sent in as often already
    #[arg(long, value_name = "N")]
    pub(super) max_replays: Option<u32>,
    /// Send letters of a flow that is ordered by a key, though rows of their keys went past them
    #[arg(long)]
    pub(super) out_of_order: bool,
    #[command(flatten)]
    pub(super) at: At,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Skip {
    /// The flow
    pub(super) flow: String,
    /// The row, as the flow's last message names it: `orders.csv:1234`, or `orders.csv 1234`
    #[arg(value_name = "ROW", required = true, num_args = 1..=2)]
    pub(super) row: Vec<String>,
    #[command(flatten)]
    pub(super) at: At,
}

/// `200/s`, or 200.
fn per_second(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    match number.trim().parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate.is_finite() => Ok(rate),
        _ => Err("write how many a second, such as 200/s".to_owned()),
    }
}
