//! Where the expansions find what they name.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Path, Token, parse::ParseStream};

/// The crate whose `__private` module the expansion names.
#[derive(Clone)]
pub(crate) struct Krate(Option<Path>);

impl Krate {
    /// `::kis_core`.
    pub(crate) const fn usual() -> Krate {
        Krate(None)
    }

    /// Reads `= path` behind the word `crate`. The path may stand in quotes.
    pub(crate) fn parse(input: ParseStream<'_>) -> syn::Result<Krate> {
        input.parse::<Token![=]>()?;
        if input.peek(syn::LitStr) {
            return Ok(Krate(Some(
                input.parse::<syn::LitStr>()?.parse_with(Path::parse_mod_style)?,
            )));
        }
        Ok(Krate(Some(Path::parse_mod_style(input)?)))
    }

    /// The module of everything that expansions may name.
    pub(crate) fn private(&self) -> TokenStream {
        match &self.0 {
            None => quote!(::kis_core::__private),
            Some(path) => quote!(#path::__private),
        }
    }

    /// The line that stands at the head of each hidden block.
    pub(crate) fn open(&self) -> TokenStream {
        let private = self.private();
        quote! {
            #[allow(unused_imports, reason = "generated")]
            use #private as __kis;
        }
    }

    /// The path of serde, as serde's own attributes take it.
    pub(crate) fn serde(&self) -> String {
        let private = self.private().to_string().replace(' ', "");
        format!("{private}::serde")
    }
}
