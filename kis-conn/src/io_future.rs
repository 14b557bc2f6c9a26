//! The boxed future of the object-safe traits.

use std::future::Future;
use std::pin::Pin;

/// A boxed future that may move between threads; what the object-safe traits of this crate return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
