//! Collects errors, so that all of them are reported at once.

use proc_macro2::{Span, TokenStream};

/// The errors of one expansion.
#[derive(Default)]
pub(crate) struct Diag {
    errors: Vec<syn::Error>,
}

impl Diag {
    /// Notes an error at a token.
    pub(crate) fn error(&mut self, at: impl Spanning, message: impl std::fmt::Display) {
        self.errors.push(at.error(&message.to_string()));
    }

    /// Notes an error of the parser.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// The value, or nothing when it could not be parsed.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn len(&self) -> usize {
        self.errors.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// One `compile_error!` for each error.
    pub(crate) fn tokens(&self) -> TokenStream {
        self.errors.iter().map(syn::Error::to_compile_error).collect()
    }
}

/// Something that an error can point at.
pub(crate) trait Spanning {
    fn error(self, message: &str) -> syn::Error;
}

impl Spanning for Span {
    fn error(self, message: &str) -> syn::Error {
        syn::Error::new(self, message)
    }
}

impl<T: quote::ToTokens> Spanning for &T {
    fn error(self, message: &str) -> syn::Error {
        syn::Error::new_spanned(self, message)
    }
}
