//! A function whose body is not read, so that an editor keeps it while the body is being written.

use proc_macro2::TokenStream;
use syn::{
    Attribute, Signature, Visibility,
    parse::{Parse, ParseStream},
};

/// Attributes, visibility and signature of a function.
pub(crate) struct ItemFn {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
}

impl Parse for ItemFn {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse().map_err(|error: syn::Error| {
            if is_other_item(input) {
                syn::Error::new(input.span(), "#[kis_function] stands on a function")
            } else {
                error
            }
        })?;
        input.parse::<TokenStream>()?;
        Ok(ItemFn { attrs, vis, sig })
    }
}

fn is_other_item(input: ParseStream<'_>) -> bool {
    use syn::Token;
    input.peek(Token![struct])
        || input.peek(Token![enum])
        || input.peek(Token![impl])
        || input.peek(Token![mod])
        || input.peek(Token![trait])
        || input.peek(Token![type])
        || input.peek(Token![use])
        || input.peek(Token![static])
        || input.peek(Token![const])
}
