//! `#[derive(State)]`.

use kis_conf::unit;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, LitInt, LitStr, Type, spanned::Spanned};

use crate::{
    diag::Diag,
    path::Krate,
    twin::serde_twin,
    words::{Words, value},
};

const WORDS: Words = Words {
    of: "#[state(..)]",
    known: &["ttl", "version", "migrate_from", "own_serde", "crate"],
};

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut diag = Diag::default();
    let (mut krate, mut own_serde, mut ttl) = (Krate::usual(), false, None);
    let (mut version, mut before) = (1u32, None::<Type>);
    for attr in item.attrs.iter().filter(|attr| attr.path().is_ident("state")) {
        let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            WORDS.read(input, &mut diag, |word, _, input, diag| {
                match word {
                    "ttl" => ttl = Some(duration(&value(input)?, diag)),
                    "version" => version = value::<LitInt>(input)?.base10_parse()?,
                    "migrate_from" => before = Some(value(input)?),
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
    if let Some(before) = &before
        && version < 2
    {
        let text = format!(
            "a state that is migrated has a version above that of {}; add version = 2",
            name(before)
        );
        diag.error(before, text);
    }
    let ident = &item.ident;
    let open = krate.open();
    let nanos = ttl.unwrap_or_default();
    let (migration, older) = before
        .map(|before| migration(&item, version, &before))
        .unwrap_or_default();
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
                #migration
            }
            #older
            #serde
        };
    }
}

/// What tells how values of the type before are read, and the check that this type is older.
fn migration(item: &DeriveInput, version: u32, before: &Type) -> (TokenStream, TokenStream) {
    let older = format!(
        "{} has version {version}, which must be above that of {}, from which it is migrated; raise it",
        item.ident,
        name(before)
    );
    let at = before.span();
    let of = quote_spanned!(at=> ::core::option::Option::Some(__kis::Before::of::<#before>()));
    let check = quote_spanned! {at=>
        const _: () = ::core::assert!(<#before as __kis::State>::VERSION < #version, #older);
    };
    (
        quote!(const BEFORE: ::core::option::Option<__kis::Before<Self>> = #of;),
        check,
    )
}

/// A type as it is written.
fn name(ty: &Type) -> String {
    quote!(#ty).to_string().replace(' ', "")
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
