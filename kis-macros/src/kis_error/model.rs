//! What an enum or a struct and its attributes say about an error.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Fields, Ident, LitStr, Type, ext::IdentExt};

use crate::{diag::Diag, names::snake, path::Krate, words::Words};

const CLASSES: &[&str] = &["retry", "reject", "unavailable", "fatal"];
const VARIANT_WORDS: Words = Words {
    of: "#[kis(..)]",
    known: &["retry", "reject", "unavailable", "fatal"],
};
const TYPE_WORDS: Words = Words {
    of: "#[kis(..)] of the type",
    known: &["retry", "reject", "unavailable", "fatal", "crate"],
};
const FIELD_WORDS: Words = Words {
    of: "#[kis(..)] of a field",
    known: &["source", "from"],
};

/// An error type.
pub(crate) struct Model {
    pub(crate) krate: Krate,
    pub(crate) variants: Vec<Variant>,
    /// Whether `Display` and `Error` are derived too.
    pub(crate) says: bool,
}

/// One variant, or the struct itself.
pub(crate) struct Variant {
    /// `Self::Name`, or `Self`.
    pub(crate) path: TokenStream,
    pub(crate) span: proc_macro2::Span,
    /// Its name in Rust, and in snake case.
    pub(crate) name: String,
    pub(crate) code: String,
    pub(crate) class: Ident,
    pub(crate) text: Option<LitStr>,
    pub(crate) fields: Vec<Field>,
    pub(crate) tuple: bool,
}

/// One field of a variant.
pub(crate) struct Field {
    /// The name it is bound to.
    pub(crate) var: Ident,
    /// Its own name, or its number.
    pub(crate) member: syn::Member,
    pub(crate) ty: Type,
    pub(crate) source: bool,
    pub(crate) from: bool,
}

/// What one `#[kis(..)]` says.
#[derive(Default)]
struct Said {
    class: Option<Ident>,
    text: Option<LitStr>,
    krate: Option<Krate>,
    /// It could not be read, which is said already.
    spoiled: bool,
}

impl Model {
    pub(crate) fn new(item: &DeriveInput, diag: &mut Diag) -> Option<Model> {
        if !item.generics.params.is_empty() {
            diag.error(
                &item.generics,
                "an error with classes cannot be generic: it is registered once, by its type",
            );
        }
        let whole = read(&item.attrs, &TYPE_WORDS, diag);
        let variants: Vec<Variant> = match &item.data {
            Data::Enum(data) => data
                .variants
                .iter()
                .filter_map(|variant| {
                    let ident = &variant.ident;
                    let said = read(&variant.attrs, &VARIANT_WORDS, diag);
                    let spoiled = said.spoiled.then(|| format_ident!("retry"));
                    let Some(class) = said.class.or_else(|| whole.class.clone()).or(spoiled) else {
                        diag.error(ident, format!("{ident} has no class; write #[kis(retry)], #[kis(reject)], #[kis(unavailable)] or #[kis(fatal)] on it"));
                        return None;
                    };
                    Some(self::variant(quote!(Self::#ident), ident, class, said.text, &variant.fields, diag))
                })
                .collect(),
            Data::Struct(data) => {
                let Some(class) = whole.class.clone() else {
                    diag.error(&item.ident, "the error has no class; write #[kis(retry)], #[kis(reject)], #[kis(unavailable)] or #[kis(fatal)] on it");
                    return None;
                };
                vec![self::variant(quote!(Self), &item.ident, class, whole.text.clone(), &data.fields, diag)]
            }
            Data::Union(data) => {
                diag.error(data.union_token.span, "an error is an enum or a struct");
                return None;
            }
        };
        let says = variants.iter().any(|variant| variant.text.is_some());
        for silent in variants.iter().filter(|variant| says && variant.text.is_none()) {
            diag.error(
                silent.span,
                format!(
                    "{} has no text, but others have; write #[kis({}, \"text\")]",
                    silent
                        .path
                        .to_string()
                        .replace(' ', "")
                        .trim_start_matches("Self::"),
                    silent.class
                ),
            );
        }
        Some(Model {
            krate: whole.krate.unwrap_or_else(Krate::usual),
            variants,
            says,
        })
    }
}

fn variant(
    path: TokenStream,
    ident: &Ident,
    class: Ident,
    text: Option<LitStr>,
    fields: &Fields,
    diag: &mut Diag,
) -> Variant {
    let fields_of = fields.iter().enumerate().map(|(i, field)| {
        let (mut source, mut from) = (false, false);
        for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("kis")) {
            let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
                FIELD_WORDS.read(input, diag, |word, _, _, _| {
                    source = true;
                    from |= word == "from";
                    Ok(())
                })
            });
            diag.take(read);
        }
        if from && fields.len() != 1 {
            diag.error(
                field,
                "a variant that converts from another error has that error as its only field",
            );
        }
        let (var, member) = match &field.ident {
            Some(ident) => (ident.clone(), syn::Member::Named(ident.clone())),
            None => (format_ident!("_{i}"), syn::Member::from(i)),
        };
        Field {
            var,
            member,
            ty: field.ty.clone(),
            source,
            from,
        }
    });
    let fields_of = fields_of.collect();
    let name = ident.unraw().to_string();
    Variant {
        path,
        span: ident.span(),
        code: snake(&name),
        name,
        class,
        text,
        fields: fields_of,
        tuple: matches!(fields, Fields::Unnamed(_)),
    }
}

fn read(attrs: &[Attribute], words: &Words, diag: &mut Diag) -> Said {
    let mut said = Said::default();
    let before = diag.len();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("kis")) {
        let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            words.read(input, diag, |word, ident, input, diag| {
                if !CLASSES.contains(&word) {
                    said.krate = Some(Krate::parse(input)?);
                    return Ok(());
                }
                if said.class.is_some() {
                    diag.error(ident.span(), "an error has one class");
                }
                said.class = Some(ident.clone());
                if input.peek(syn::Token![,]) && input.peek2(LitStr) {
                    input.parse::<syn::Token![,]>()?;
                    said.text = Some(input.parse()?);
                }
                Ok(())
            })
        });
        diag.take(read);
    }
    said.spoiled = diag.len() > before;
    said
}
