//! Settings that documents share, each with its default, its reading and its writing.

mod backoff;
mod batch;
mod budget;
mod dead_letter;
mod limits;
mod on_error;
mod order;
mod parked;
mod start;

pub use backoff::{Backoff, RetryPolicy};
pub use batch::{BatchConf, Unit};
pub use budget::{Budget, BudgetThen};
pub use dead_letter::{DeadLetterConf, OnFull};
pub use limits::Limits;
pub use on_error::{OnError, Policy, Unavailable};
pub use order::Order;
pub use parked::{Overflow, Parked};
pub use start::Start;
