//! `#[derive(State)]`.

use kis_conf::unit;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, LitInt, LitStr};

use crate::{
    diag::Diag,
    path::Krate,
    twin::serde_twin,
    words::{Words, value},
};

const WORDS: Words = Words {
    of: "#[state(..)]",
    known: &["ttl", "version", "own_serde", "crate"],
};

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut diag = Diag::default();
    let (mut krate, mut own_serde, mut ttl, mut version) = (Krate::usual(), false, None, 1u32);
    for attr in item.attrs.iter().filter(|attr| attr.path().is_ident("state")) {
        let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            WORDS.read(input, &mut diag, |word, _, input, diag| {
                match word {
                    "ttl" => ttl = Some(duration(&value(input)?, diag)),
                    "version" => version = value::<LitInt>(input)?.base10_parse()?,
                    "own_serde" => own_serde = true,
                    _ => krate = Krate::parse(input)?,
                }
                Ok(())
            })
        });
        diag.take(read);
    }
    if !item.generics.params.is_empty() {
        diag.error(
            &item.generics,
            "a state cannot be generic: it is stored under one type",
        );
    }
    if let syn::Data::Union(data) = &item.data {
        diag.error(data.union_token.span, "a state is a struct or an enum");
    }
    if ttl.is_none() && diag.is_empty() {
        diag.error(
            &item.ident,
            "a state says how long it is kept after it was last written, since keys that never come again would stay forever; write #[state(ttl = \"30d\")]",
        );
    }
    let ident = &item.ident;
    let open = krate.open();
    let nanos = ttl.unwrap_or_default();
    let fingerprint = fingerprint(&item);
    let serde = if own_serde {
        TokenStream::new()
    } else {
        serde_twin(&item, &krate, |_| TokenStream::new())
    };
    let errors = diag.tokens();
    if !item.generics.params.is_empty() {
        return errors;
    }
    quote! {
        #errors
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, reason = "generated")]
        const _: () = {
            #open
            impl __kis::State for #ident {
                const TTL: ::core::time::Duration = ::core::time::Duration::from_nanos(#nanos);
                const VERSION: u32 = #version;
                const FINGERPRINT: u64 = #fingerprint;
            }
            #serde
        };
    }
}

fn duration(text: &LitStr, diag: &mut Diag) -> u64 {
    let nanos = unit::duration(&text.value()).and_then(|ttl| u64::try_from(ttl.as_nanos()).ok());
    match nanos {
        Some(nanos) if nanos > 0 => nanos,
        _ => {
            diag.error(text, "ttl is a duration such as \"30d\", \"12h\" or \"90s\"");
            1
        }
    }
}

/// A number that changes when the names or the types of the stored fields do (FNV-1a over their text).
fn fingerprint(item: &DeriveInput) -> u64 {
    let mut parts: Vec<String> = Vec::new();
    let mut of = |prefix: String, fields: &syn::Fields| {
        for (i, field) in fields.iter().enumerate() {
            let name = field
                .ident
                .as_ref()
                .map_or_else(|| i.to_string(), ToString::to_string);
            let ty = &field.ty;
            parts.push(format!(
                "{prefix}{name}:{}",
                quote!(#ty).to_string().replace(' ', "")
            ));
        }
    };
    match &item.data {
        syn::Data::Struct(data) => of(String::new(), &data.fields),
        syn::Data::Enum(data) => data
            .variants
            .iter()
            .for_each(|v| of(format!("{}.", v.ident), &v.fields)),
        syn::Data::Union(_) => {}
    }
    parts.sort();
    parts
        .join("\n")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}
