//! `#[derive(KisError)]`.

mod expand;
mod model;

use proc_macro2::TokenStream;

use crate::diag::Diag;

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let item: syn::DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut diag = Diag::default();
    let model = model::Model::new(&item, &mut diag);
    match model {
        Some(model) if diag.is_empty() => expand::expand(&item.ident, &model),
        _ => diag.tokens(),
    }
}
