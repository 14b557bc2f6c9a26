//! Gives a type serde's traits through a hidden twin with serde's own derives, so that users need no serde.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{Data, DeriveInput, Fields};

use crate::path::Krate;

/// The twin and the two impls that go through it. `serde` attributes of the type, its fields and variants hold;
/// `more` gives further ones for field `i`.
pub(crate) fn serde_twin(
    item: &DeriveInput,
    krate: &Krate,
    more: impl Fn(usize) -> TokenStream,
) -> TokenStream {
    let ident = &item.ident;
    let name = ident.to_string();
    let serde_path = krate.serde();
    let attrs = serde_of(&item.attrs);
    let own_name = if has_rename(&item.attrs) {
        quote!()
    } else {
        quote!(#[serde(rename = #name)])
    };
    let body = match &item.data {
        Data::Struct(data) => {
            let fields = fields(&data.fields, &more);
            match &data.fields {
                Fields::Named(_) => quote!(struct __KisTwin { #fields }),
                Fields::Unnamed(_) => quote!(struct __KisTwin(#fields);),
                Fields::Unit => quote!(
                    struct __KisTwin;
                ),
            }
        }
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                let (attrs, ident) = (serde_of(&variant.attrs), respan(&variant.ident));
                let fields = fields(&variant.fields, &more);
                match &variant.fields {
                    Fields::Named(_) => quote!(#(#attrs)* #ident { #fields }),
                    Fields::Unnamed(_) => quote!(#(#attrs)* #ident(#fields)),
                    Fields::Unit => quote!(#(#attrs)* #ident),
                }
            });
            quote!(enum __KisTwin { #(#variants),* })
        }
        Data::Union(_) => return TokenStream::new(),
    };
    quote! {
        #[derive(__kis::serde::Serialize, __kis::serde::Deserialize)]
        #[serde(crate = #serde_path, remote = #name)]
        #own_name
        #(#attrs)*
        #[allow(dead_code, non_camel_case_types, reason = "generated")]
        #body

        impl __kis::serde::Serialize for #ident {
            fn serialize<S: __kis::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                __KisTwin::serialize(self, serializer)
            }
        }

        impl<'de> __kis::serde::Deserialize<'de> for #ident {
            fn deserialize<D: __kis::serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                __KisTwin::deserialize(deserializer)
            }
        }
    }
}

fn fields(fields: &Fields, more: &impl Fn(usize) -> TokenStream) -> TokenStream {
    let each = fields.iter().enumerate().map(|(i, field)| {
        let (attrs, more, ty) = (serde_of(&field.attrs), more(i), respan(&field.ty));
        match &field.ident {
            Some(ident) => {
                let ident = respan(ident);
                quote!(#(#attrs)* #more #ident: #ty,)
            }
            None => quote!(#(#attrs)* #more #ty,),
        }
    });
    each.collect()
}

fn serde_of(attrs: &[syn::Attribute]) -> Vec<&syn::Attribute> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("serde") || attr.path().is_ident("cfg"))
        .collect()
}

fn has_rename(attrs: &[syn::Attribute]) -> bool {
    crate::serde_attrs::SerdeAttrs::read(attrs).rename.is_some()
}

/// The same tokens without the user's spans, so that an editor finds the user's field and not the twin's.
fn respan(tokens: &impl quote::ToTokens) -> TokenStream {
    fn each(tree: TokenTree) -> TokenTree {
        match tree {
            TokenTree::Group(group) => {
                let mut new = Group::new(group.delimiter(), group.stream().into_iter().map(each).collect());
                new.set_span(Span::call_site());
                TokenTree::Group(new)
            }
            mut tree => {
                tree.set_span(Span::call_site());
                tree
            }
        }
    }
    tokens.to_token_stream().into_iter().map(each).collect()
}
