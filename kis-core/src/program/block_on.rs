//! Runs a future to its end, for programs that have no runtime of their own.

use std::future::Future;

/// Runs `future` to its end on this thread. A program with a tokio runtime awaits it there instead.
///
/// ```
/// assert_eq!(kis_core::program::block_on(async { 1 + 1 }), 2);
/// ```
///
/// # Panics
/// If it is called from async code, or the system gives no runtime.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system gives a runtime")
        .block_on(future)
}
