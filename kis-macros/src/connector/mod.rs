//! `#[connector]`: registers the type of an `impl Connector for X`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{ItemImpl, Path, parse::Parser, spanned::Spanned};

use crate::{diag::Diag, names::line_of, path::Krate, words::Words};

const WORDS: Words = Words {
    of: "#[connector(..)]",
    known: &["crate"],
};

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let mut krate = Krate::usual();
    let parser = |input: syn::parse::ParseStream<'_>| {
        WORDS.read(input, &mut diag, |_, _, input, _| {
            krate = Krate::parse(input)?;
            Ok(())
        })
    };
    let read = Parser::parse2(parser, args);
    diag.take(read);
    let more = match syn::parse2::<ItemImpl>(item.clone()) {
        Ok(block) => register(&block, &krate, &mut diag),
        Err(_) => {
            diag.error(Span::call_site(), "#[connector] stands on `impl Connector for X`");
            TokenStream::new()
        }
    };
    let errors = diag.tokens();
    quote!(#item #errors #more)
}

fn register(block: &ItemImpl, krate: &Krate, diag: &mut Diag) -> TokenStream {
    let is_connector = |path: &Path| path.segments.last().is_some_and(|last| last.ident == "Connector");
    match &block.trait_ {
        Some((path, _)) if is_connector(path) => {}
        Some((path, _)) => {
            diag.error(path, "#[connector] stands on `impl Connector for X`");
            return TokenStream::new();
        }
        None => {
            diag.error(&block.self_ty, "#[connector] stands on `impl Connector for X`");
            return TokenStream::new();
        }
    }
    if !block.generics.params.is_empty() {
        diag.error(
            &block.generics,
            "a connector kind cannot be generic: it is registered once, by its word",
        );
        return TokenStream::new();
    }
    let (open, ty) = (krate.open(), &block.self_ty);
    let line = line_of(ty.span());
    quote! {
        const _: () = {
            #open
            __kis::inventory::submit! {
                __kis::kis_conn::ConnectorInfo::of::<#ty>(::core::concat!(::core::file!(), #line))
            }
        };
    }
}
