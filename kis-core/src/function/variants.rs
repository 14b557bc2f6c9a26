//! The variants of the error that a function returns, where its type tells them.

use std::marker::PhantomData;

use kis_conn::{Classify, Variants};

/// Stands for what a function returns. `OF` is the constant of the inherent impl where that fits, and that of
/// [`AnyError`] otherwise: a name is looked up in the type before its traits.
#[doc(hidden)]
#[derive(Debug)]
pub struct VariantsOf<Ret>(PhantomData<Ret>);

impl<R, E: Classify> VariantsOf<Result<R, E>> {
    /// The variants of the error.
    pub const OF: Option<Variants> = E::VARIANTS;
}

/// What is known of the error of any other type: nothing.
#[doc(hidden)]
pub trait AnyError {
    /// Nothing.
    const OF: Option<Variants> = None;
}

impl<Ret> AnyError for VariantsOf<Ret> {}
