//! `#[derive(FieldValue)]`: an enum of words, or a struct around one value, as a field of rows.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DeriveInput, Fields, ext::IdentExt};

use crate::{
    diag::Diag,
    path::Krate,
    serde_attrs::{SerdeAttrs, by_rule},
    twin::serde_twin,
    words::Words,
};

const WORDS: Words = Words {
    of: "#[row(..)] of a field value",
    known: &["own_serde", "crate"],
};

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut diag = Diag::default();
    let (mut krate, mut own_serde) = (Krate::usual(), false);
    for attr in item.attrs.iter().filter(|attr| attr.path().is_ident("row")) {
        let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            WORDS.read(input, &mut diag, |word, _, input, _| {
                match word {
                    "own_serde" => own_serde = true,
                    _ => krate = Krate::parse(input)?,
                }
                Ok(())
            })
        });
        diag.take(read);
    }
    if !item.generics.params.is_empty() {
        diag.error(&item.generics, "a field value cannot be generic");
    }
    let body = match &item.data {
        Data::Enum(data) => words_enum(&item, data, &mut diag),
        Data::Struct(data) => match &data.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => newtype(&item, &fields.unnamed[0].ty),
            _ => {
                diag.error(&item.ident, "a field value is an enum of words or a struct around one value, struct S(T); for a struct with names use #[derive(Row)]");
                TokenStream::new()
            }
        },
        Data::Union(data) => {
            diag.error(
                data.union_token.span,
                "a field value is an enum of words or a struct around one value",
            );
            TokenStream::new()
        }
    };
    if !diag.is_empty() {
        return diag.tokens();
    }
    let open = krate.open();
    let serde = if own_serde {
        TokenStream::new()
    } else {
        serde_twin(&item, &krate, |_| TokenStream::new())
    };
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, reason = "generated")]
        const _: () = {
            #open
            #body
            #serde
        };
    }
}

fn words_enum(item: &DeriveInput, data: &DataEnum, diag: &mut Diag) -> TokenStream {
    let ident = &item.ident;
    let name = ident.to_string();
    let rule = SerdeAttrs::read(&item.attrs).rename_all.map(|rule| rule.value());
    let (mut variants, mut words) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            diag.error(variant, "a word of a field value has no fields; mark the field of the row #[row(json)] for an enum with values");
        }
        let own = variant.ident.unraw().to_string();
        let word = SerdeAttrs::read(&variant.attrs).rename;
        words.push(word.unwrap_or_else(|| {
            rule.as_ref()
                .map_or_else(|| own.clone(), |rule| by_rule(rule, &own, true))
        }));
        variants.push(&variant.ident);
    }
    if variants.is_empty() {
        diag.error(&item.ident, "a field value needs at least one word");
    }
    quote! {
        impl __kis::FieldValue for #ident {
            const KIND: __kis::Kind = __kis::Kind::Named(::core::concat!(::core::module_path!(), "::", #name));
            fn value(&self) -> __kis::Value<'_> {
                __kis::Value::Text(match self {
                    #(Self::#variants => #words,)*
                })
            }
            fn build(value: __kis::Value<'_>) -> ::core::option::Option<Self> {
                match value {
                    __kis::Value::Text(text) => Self::from_text(text),
                    _ => ::core::option::Option::None,
                }
            }
            fn from_text(text: &str) -> ::core::option::Option<Self> {
                match text {
                    #(#words => ::core::option::Option::Some(Self::#variants),)*
                    _ => ::core::option::Option::None,
                }
            }
            fn copy(&self) -> Self {
                match self {
                    #(Self::#variants => Self::#variants,)*
                }
            }
        }
    }
}

/// A struct around one value is that value to files and to other steps.
fn newtype(item: &DeriveInput, ty: &syn::Type) -> TokenStream {
    let ident = &item.ident;
    quote! {
        impl __kis::FieldValue for #ident {
            const KIND: __kis::Kind = <#ty as __kis::FieldValue>::KIND;
            #[inline]
            fn value(&self) -> __kis::Value<'_> {
                __kis::FieldValue::value(&self.0)
            }
            #[inline]
            fn build(value: __kis::Value<'_>) -> ::core::option::Option<Self> {
                __kis::FieldValue::build(value).map(Self)
            }
            #[inline]
            fn from_text(text: &str) -> ::core::option::Option<Self> {
                __kis::FieldValue::from_text(text).map(Self)
            }
            #[inline]
            fn copy(&self) -> Self {
                Self(__kis::FieldValue::copy(&self.0))
            }
            fn missing() -> ::core::option::Option<Self> {
                __kis::FieldValue::missing().map(Self)
            }
        }
    }
}
