//! What a struct and its attributes say about a row.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, LitStr, Type, ext::IdentExt};

use crate::{
    diag::Diag,
    path::Krate,
    serde_attrs::{SerdeAttrs, SerdeDefault, by_rule},
    words::{Words, value},
};

const ROW_WORDS: Words = Words {
    of: "#[row(..)] of a struct",
    known: &["own_serde", "crate"],
};
const FIELD_WORDS: Words = Words {
    of: "#[row(..)] of a field",
    known: &["rename", "default", "json"],
};

/// A struct that is to be a row.
pub(crate) struct Model {
    pub(crate) krate: Krate,
    pub(crate) own_serde: bool,
    /// Whether serde's attributes only name fields, so that JSON can be read without serde.
    pub(crate) plain: bool,
    pub(crate) fields: Vec<Field>,
}

/// One field.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The name on the wire.
    pub(crate) name: String,
    /// The name that `#[row(rename)]` gives.
    pub(crate) rename: Option<LitStr>,
    /// What it is when it is missing.
    pub(crate) default: Option<TokenStream>,
    /// `#[row(default)]`, which serde must hear of.
    pub(crate) row_default: bool,
    pub(crate) json: bool,
    /// `#[serde(skip)]`: not on the wire.
    pub(crate) skip: bool,
    /// Whether serde's attributes only name it.
    plain: bool,
}

impl Model {
    pub(crate) fn new(item: &DeriveInput, diag: &mut Diag) -> Option<Model> {
        let (krate, own_serde) = struct_words(&item.attrs, diag);
        if !item.generics.params.is_empty() {
            diag.error(
                &item.generics,
                "a row cannot be generic: its shape is one list of fields; write one struct for each type",
            );
        }
        let fields = match &item.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) if !fields.named.is_empty() => fields,
                Fields::Named(_) | Fields::Unit => {
                    diag.error(&item.ident, "a row needs at least one field");
                    return None;
                }
                Fields::Unnamed(fields) => {
                    diag.error(fields, "the fields of a row have names, by which steps and files find them; write struct S { name: T }");
                    return None;
                }
            },
            Data::Enum(data) => {
                diag.error(
                    data.enum_token.span,
                    "a row is a struct; for an enum of words as a field of rows, use #[derive(FieldValue)]",
                );
                return None;
            }
            Data::Union(data) => {
                diag.error(data.union_token.span, "a row is a struct");
                return None;
            }
        };
        let container = SerdeAttrs::read(&item.attrs);
        let fields: Vec<Field> = fields
            .named
            .iter()
            .filter_map(|f| field(f, &container, diag))
            .collect();
        check_names(&fields, diag);
        Some(Model {
            krate,
            own_serde,
            plain: !own_serde && !container.more && fields.iter().all(|field| field.plain),
            fields,
        })
    }

    /// The fields on the wire.
    pub(crate) fn wire(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.skip)
    }
}

fn struct_words(attrs: &[Attribute], diag: &mut Diag) -> (Krate, bool) {
    let (mut krate, mut own_serde) = (Krate::usual(), false);
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("row")) {
        let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            ROW_WORDS.read(input, diag, |word, _, input, _| {
                match word {
                    "own_serde" => own_serde = true,
                    _ => krate = Krate::parse(input)?,
                }
                Ok(())
            })
        });
        diag.take(read);
    }
    (krate, own_serde)
}

fn field(field: &syn::Field, container: &SerdeAttrs, diag: &mut Diag) -> Option<Field> {
    let ident = field.ident.clone()?;
    let serde = SerdeAttrs::read(&field.attrs);
    let (mut rename, mut row_default, mut json): (Option<LitStr>, bool, bool) = (None, false, false);
    for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("row")) {
        let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            FIELD_WORDS.read(input, diag, |word, _, input, _| {
                match word {
                    "rename" => rename = Some(value(input)?),
                    "default" => row_default = true,
                    _ => json = true,
                }
                Ok(())
            })
        });
        diag.take(read);
    }
    if let Some(span) = serde.flatten {
        diag.error(span, "a row cannot flatten a field: its fields are found by one list of names; write the fields out, or keep the struct as one field that derives Row");
    }
    if let (Some(text), true) = (&rename, serde.rename.is_some()) {
        diag.error(
            text,
            "the field is renamed twice, by #[row(rename)] and by #[serde(rename)]",
        );
    }
    let rule = container.rename_all.as_ref().map(LitStr::value);
    let own_name = ident.unraw().to_string();
    let name = match (&rename, &serde.rename, rule) {
        (Some(name), ..) => name.value(),
        (None, Some(name), _) => name.clone(),
        (None, None, Some(rule)) => by_rule(&rule, &own_name, false),
        (None, None, None) => own_name,
    };
    let default = match (row_default, serde.default, &container.default) {
        (true, ..) | (_, Some(SerdeDefault::Trait), _) => Some(quote!(::core::default::Default::default())),
        (_, Some(SerdeDefault::Path(path)), _) => Some(quote!(#path())),
        (.., Some(SerdeDefault::Trait)) => Some(quote!(<Self as ::core::default::Default>::default().#ident)),
        (.., Some(SerdeDefault::Path(path))) => Some(quote!(#path().#ident)),
        _ => None,
    };
    let unescaped = !name.contains(|c: char| matches!(c, '"' | '\\') || c.is_control());
    let plain = !serde.more && !json && default.is_none() && unescaped && is_primitive(&field.ty);
    Some(Field {
        ident,
        ty: field.ty.clone(),
        name,
        rename,
        default,
        row_default,
        json,
        skip: serde.skip,
        plain,
    })
}

/// Whether a type is one of those whose JSON is known without asking serde.
fn is_primitive(ty: &Type) -> bool {
    const WORDS: [&str; 14] = [
        "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize", "f32", "f64", "bool",
        "String",
    ];
    let Type::Path(path) = ty else { return false };
    let (None, Some(last)) = (&path.qself, path.path.segments.last()) else {
        return false;
    };
    match &last.arguments {
        syn::PathArguments::None => {
            path.path.segments.len() == 1 && WORDS.iter().any(|word| last.ident == word)
        }
        syn::PathArguments::AngleBracketed(inner) if last.ident == "Option" => {
            matches!(inner.args.first(), Some(syn::GenericArgument::Type(ty)) if is_primitive(ty))
        }
        _ => false,
    }
}

fn check_names(fields: &[Field], diag: &mut Diag) {
    for (i, field) in fields.iter().enumerate() {
        if let Some(first) = fields[..i]
            .iter()
            .find(|first| first.name == field.name && !first.skip && !field.skip)
        {
            let at = field
                .rename
                .as_ref()
                .map_or_else(|| field.ident.span(), LitStr::span);
            diag.error(
                at,
                format!(
                    "two fields have the name {}: {} and {}",
                    field.name, first.ident, field.ident
                ),
            );
        }
        if field.name.is_empty() {
            diag.error(
                field.rename.as_ref().map_or_else(Span::call_site, LitStr::span),
                "a field's name cannot be empty",
            );
        }
    }
}
