//! `#[kis_function]`.

mod args;
mod expand;
mod model;
mod signature;

use proc_macro2::TokenStream;

use crate::{diag::Diag, item_fn::ItemFn};

/// The item comes first and exactly as it was written, so that no mistake can take it away.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let args = args::Args::read(args, &mut diag);
    let Some(function) = diag.take(syn::parse2::<ItemFn>(item.clone())) else {
        let errors = diag.tokens();
        return quote::quote!(#item #errors);
    };
    if function.sig.receiver().is_some() {
        diag.error(
            &function.sig.inputs[0],
            "a flow function stands alone and takes no self; move it out of the impl block, with the rows as its first argument",
        );
        let errors = diag.tokens();
        return quote::quote!(#item #errors);
    }
    let model = model::Model::new(args, &function, &mut diag);
    let more = if diag.is_empty() {
        expand::expand(&model)
    } else {
        expand::stand_in(&model, &diag)
    };
    quote::quote!(#item #more)
}
