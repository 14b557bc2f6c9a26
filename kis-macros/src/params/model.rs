//! What a struct or an enum and its attributes say about params.

use kis_conf::{Data, Node, OwnedValue, Place, Scalar};
use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, DeriveInput, Expr, ExprLit, ExprUnary, Fields, Ident, Lit, LitStr, Type, UnOp, ext::IdentExt,
};

use crate::{
    diag::Diag,
    names::{doc_of, snake},
    path::Krate,
    words::{Words, value},
};

const PARAM_WORDS: Words = Words {
    of: "#[param(..)]",
    known: &["default", "min", "max", "rename"],
};
const PARAMS_WORDS: Words = Words {
    of: "#[params(..)]",
    known: &["crate"],
};

/// A type that is to be params.
pub(crate) struct Model {
    pub(crate) krate: Krate,
    pub(crate) data: Data_,
}

/// A struct of params, or an enum of words.
pub(crate) enum Data_ {
    Struct(Vec<Param>),
    Words(Vec<(Ident, String)>),
}

/// One param.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) default: Option<Default_>,
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
    /// `Option<T>`: need not be given.
    pub(crate) optional: bool,
}

/// A default: its text as the configuration would write it, and where it stands.
pub(crate) struct Default_ {
    pub(crate) text: String,
    pub(crate) facts: OwnedValue,
    pub(crate) span: Span,
}

/// A bound of a number.
pub(crate) struct Bound {
    pub(crate) value: TokenStream,
    pub(crate) whole: bool,
    pub(crate) span: Span,
}

impl Model {
    pub(crate) fn new(item: &DeriveInput, diag: &mut Diag) -> Option<Model> {
        let krate = krate(&item.attrs, diag);
        if !item.generics.params.is_empty() {
            diag.error(
                &item.generics,
                "params cannot be generic: their shape is one list of names",
            );
        }
        let data = match &item.data {
            syn::Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => {
                    Data_::Struct(fields.named.iter().filter_map(|f| param(f, diag)).collect())
                }
                Fields::Unit => Data_::Struct(Vec::new()),
                Fields::Unnamed(fields) => {
                    diag.error(
                        fields,
                        "params have names, by which YAML gives them; write struct P { name: T }",
                    );
                    return None;
                }
            },
            syn::Data::Enum(data) => {
                let mut words = Vec::new();
                for variant in &data.variants {
                    if !matches!(variant.fields, Fields::Unit) {
                        diag.error(
                            variant,
                            "an enum of params is a choice of words; its variants have no fields",
                        );
                    }
                    words.push((variant.ident.clone(), word_of(variant, diag)));
                }
                if words.is_empty() {
                    diag.error(&item.ident, "a choice needs at least one word");
                }
                Data_::Words(words)
            }
            syn::Data::Union(data) => {
                diag.error(data.union_token.span, "params are a struct, or an enum of words");
                return None;
            }
        };
        if let Data_::Struct(params) = &data {
            for (i, param) in params.iter().enumerate() {
                if let Some(first) = params[..i].iter().find(|first| first.name == param.name) {
                    diag.error(
                        &param.ident,
                        format!(
                            "two params have the name {}: {} and {}",
                            param.name, first.ident, param.ident
                        ),
                    );
                }
            }
        }
        Some(Model { krate, data })
    }
}

fn krate(attrs: &[Attribute], diag: &mut Diag) -> Krate {
    let mut krate = Krate::usual();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("params")) {
        let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            PARAMS_WORDS.read(input, diag, |_, _, input, _| {
                krate = Krate::parse(input)?;
                Ok(())
            })
        });
        diag.take(read);
    }
    krate
}

fn param(field: &syn::Field, diag: &mut Diag) -> Option<Param> {
    let ident = field.ident.clone()?;
    let mut param = Param {
        name: ident.unraw().to_string(),
        ident,
        ty: field.ty.clone(),
        doc: doc_of(&field.attrs),
        default: None,
        min: None,
        max: None,
        optional: is_option(&field.ty),
    };
    for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("param")) {
        let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            PARAM_WORDS.read(input, diag, |word, _, input, _| {
                match word {
                    "default" => param.default = Some(default(&value(input)?)?),
                    "min" => param.min = Some(bound(&value(input)?)?),
                    "max" => param.max = Some(bound(&value(input)?)?),
                    _ => param.name = value::<LitStr>(input)?.value(),
                }
                Ok(())
            })
        });
        diag.take(read);
    }
    Some(param)
}

fn word_of(variant: &syn::Variant, diag: &mut Diag) -> String {
    let mut word = snake(&variant.ident.unraw().to_string());
    for attr in variant.attrs.iter().filter(|attr| attr.path().is_ident("param")) {
        let words = Words {
            of: "#[param(..)] of a word",
            known: &["rename"],
        };
        let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            words.read(input, diag, |_, _, input, _| {
                word = value::<LitStr>(input)?.value();
                Ok(())
            })
        });
        diag.take(read);
    }
    word
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

/// The text of a default, as the configuration would write it.
fn default(expr: &Expr) -> syn::Result<Default_> {
    let span = syn::spanned::Spanned::span(expr);
    // What is quoted in Rust is plain in YAML: "30s" is a duration.
    let text = match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) => text.value(),
        expr => number(expr).map(|(text, _)| text).or_else(|_| plain(expr))?,
    };
    let scalar = Scalar::plain(&text);
    let node = Node {
        place: Place::in_code(),
        data: Data::Scalar(scalar),
    };
    Ok(Default_ {
        facts: OwnedValue::of(&node),
        text,
        span,
    })
}

fn plain(expr: &Expr) -> syn::Result<String> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Bool(on), ..
        }) => Ok(on.value.to_string()),
        _ => Err(syn::Error::new_spanned(
            expr,
            "a default is a literal: a number, true or false, or a text such as \"30s\"",
        )),
    }
}

fn bound(expr: &Expr) -> syn::Result<Bound> {
    let (_, whole) = number(expr)?;
    Ok(Bound {
        value: quote::quote!(#expr),
        whole,
        span: syn::spanned::Spanned::span(expr),
    })
}

/// The text of a number, and whether it is a whole one.
fn number(expr: &Expr) -> syn::Result<(String, bool)> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) => Ok((int.base10_digits().to_owned(), true)),
        Expr::Lit(ExprLit {
            lit: Lit::Float(float),
            ..
        }) => Ok((float.base10_digits().to_owned(), false)),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => {
            let (text, whole) = number(expr)?;
            Ok((format!("-{text}"), whole))
        }
        _ => Err(syn::Error::new_spanned(expr, "a bound is a number")),
    }
}
