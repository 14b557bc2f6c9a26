//! What every source and every connector that takes part in cuts must do, whatever it is built on.

mod sink;
mod source;

pub(crate) use sink::{SinkCase, check_sink};
pub(crate) use source::{all_rows, check_source, spec};

use std::future::Future;

/// Runs a future to its end on a runtime of its own, with a clock that jumps ahead when everybody waits.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(future)
}
