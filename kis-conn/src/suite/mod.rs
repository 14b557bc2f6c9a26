//! The contract suite: what every source and connector must do, whatever it is built on.
//!
//! The built-in ones pass it, and so should those of your own: [`check_source`] and [`check_connector`] need a case
//! that opens yours on an outside system made for the test, and look at it the way the engine does: crashes,
//! cancelled calls, cuts that fail, outages. Each check has a name and says which contract is broken and how.
//!
//! It is there with the feature `suite`, which belongs under `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! kis-core = { version = "0.1", features = ["suite"] }
//! ```
//!
//! | kind | checks |
//! |---|---|
//! | every source | `open`, `partitions`, `order`, `batch_limit`, `origins`, `end`, `cancelled_polls`, `pause`, `positions`, `foreign_position`, `foreign_partition`, `commit_forms`, `same_handle`, `close`, `reconnect` |
//! | log | `seek`, `redelivery`, `position_wins` |
//! | queue | `redelivery`, `commit_up_to`, `stale_commit`, `numbers_go_on`, `close_gives_back` |
//! | cannot send again | `numbers_go_on` |
//! | every connector | `open`, `lanes`, `failed_row`, `error_class`, `reconnect` |
//! | [`ATOMIC_BATCH`](crate::Connector::ATOMIC_BATCH) | `atomic_batch` |
//! | [`CUTS`](crate::Connector::CUTS) | `rollback`, `nested_calls`, `marker`, `forks`, `crash`, `crash_before_cut`, `cut_again`, `foreign_note`, `fresh` |
//! | others | `kept` |
//! | [`ONE_FLOW`](crate::Connector::ONE_FLOW) | `one_flow` |

mod calls;
mod connector;
mod cuts;
mod engine;
mod handles;
mod log;
mod queue;
mod reading;
mod report;
mod rows;
mod source;

pub use connector::{ConnectorUnderTest, check_connector};
pub use report::{Broken, Report};
pub use source::{SourceUnderTest, check_source};

#[cfg(test)]
pub(crate) mod cases;
#[cfg(test)]
mod tests;
