//! What `#[derive(KisError)]` writes: class and code of each variant, and text and cause where the attributes say them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, LitStr};

use super::model::{Model, Variant};

pub(crate) fn expand(ident: &Ident, model: &Model) -> TokenStream {
    let open = model.krate.open();
    let classes = model.variants.iter().map(|variant| {
        let (path, class) = (&variant.path, format_ident!("{}", upper(&variant.class)));
        quote!(#path { .. } => __conn::ErrorClass::#class,)
    });
    let codes = model.variants.iter().map(|variant| {
        let (path, code) = (&variant.path, &variant.code);
        quote!(#path { .. } => ::std::borrow::Cow::Borrowed(#code),)
    });
    let names = model.variants.iter().map(|variant| {
        let (name, code) = (&variant.name, &variant.code);
        quote!((#name, #code))
    });
    let says = model.says.then(|| says(ident, model));
    let from = model.variants.iter().filter_map(|variant| from(ident, variant));
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, reason = "generated")]
        const _: () = {
            #open
            use __kis::kis_conn as __conn;
            impl __conn::Classify for #ident {
                const VARIANTS: ::core::option::Option<__conn::Variants> =
                    ::core::option::Option::Some(&[#(#names),*]);
                fn class(&self) -> __conn::ErrorClass {
                    match self { #(#classes)* }
                }
                fn code(&self) -> ::std::borrow::Cow<'static, str> {
                    match self { #(#codes)* }
                }
            }
            #says
            #(#from)*
            __kis::inventory::submit! { __conn::KnownError::of::<#ident>() }
        };
    }
}

fn says(ident: &Ident, model: &Model) -> TokenStream {
    let texts = model.variants.iter().map(|variant| {
        let (pattern, text) = (pattern(variant), variant.text.as_ref().map(named_text));
        quote!(#pattern => ::core::write!(f, #text),)
    });
    let sources = model.variants.iter().map(|variant| {
        let pattern = pattern(variant);
        match variant.fields.iter().find(|field| field.source) {
            Some(field) => {
                let var = &field.var;
                quote!(#pattern => ::core::option::Option::Some(#var as &(dyn ::std::error::Error + 'static)),)
            }
            None => quote!(#pattern => ::core::option::Option::None,),
        }
    });
    quote! {
        #[allow(unused_variables, non_shorthand_field_patterns, reason = "generated")]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self { #(#texts)* }
            }
        }
        #[allow(unused_variables, non_shorthand_field_patterns, reason = "generated")]
        impl ::std::error::Error for #ident {
            fn source(&self) -> ::core::option::Option<&(dyn ::std::error::Error + 'static)> {
                match self { #(#sources)* }
            }
        }
    }
}

/// The variant with its fields bound to names.
fn pattern(variant: &Variant) -> TokenStream {
    let path = &variant.path;
    let fields = variant.fields.iter().map(|field| {
        let (member, var) = (&field.member, &field.var);
        quote!(#member: #var)
    });
    quote!(#path { #(#fields),* })
}

fn from(ident: &Ident, variant: &Variant) -> Option<TokenStream> {
    let field = variant.fields.iter().find(|field| field.from)?;
    let (path, member, ty) = (&variant.path, &field.member, &field.ty);
    let _ = variant.tuple;
    Some(quote! {
        impl ::core::convert::From<#ty> for #ident {
            fn from(cause: #ty) -> Self {
                #path { #member: cause }
            }
        }
    })
}

/// `{0}` names the field 0, which is bound to `_0`.
fn named_text(text: &LitStr) -> LitStr {
    let value = text.value();
    let mut out = String::new();
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '{' {
            match chars.peek() {
                Some('{') => out.extend(chars.next()),
                Some(next) if next.is_ascii_digit() => out.push('_'),
                _ => {}
            }
        }
    }
    LitStr::new(&out, text.span())
}

fn upper(class: &Ident) -> String {
    let word = class.to_string();
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}
