//! The boxed future of the object-safe traits, and the function that opens a registered kind.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::OpenError;

/// A boxed future that may move between threads; what the object-safe traits of this crate return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How a registered kind is opened with its document.
pub type OpenFn<Spec, T> = fn(Spec) -> BoxFuture<'static, Result<Arc<T>, OpenError>>;
