//! What a function's signature says: how it takes its rows, what else it takes, what it returns.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    FnArg, GenericArgument, Ident, Pat, PathArguments, ReturnType, Signature, Type, ext::IdentExt,
    spanned::Spanned,
};

use crate::diag::Diag;

/// How a function takes its rows.
pub(crate) enum Takes {
    /// `T` or `&T`
    Row { ty: Type, owned: bool },
    /// `Vec<T>` or `&[T]`
    Batch { ty: Type, owned: bool },
    /// `&Rows`
    Any,
}

/// An argument behind the rows.
pub(crate) struct Arg {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) how: How,
}

/// How an argument is passed.
pub(crate) enum How {
    /// `&A`
    Lent,
    /// `A`
    Given,
    /// `&mut S`
    State,
    /// `&mut Keyed<S>`; the argument's type is `S`.
    Keyed,
}

/// The parts of a signature.
pub(crate) struct Parts {
    pub(crate) takes: Option<Takes>,
    pub(crate) args: Vec<Arg>,
    pub(crate) ret: TokenStream,
    pub(crate) is_async: bool,
}

impl Parts {
    pub(crate) fn read(sig: &Signature, diag: &mut Diag) -> Parts {
        refuse_forms(sig, diag);
        let mut inputs = sig.inputs.iter();
        let takes = match inputs.next() {
            Some(FnArg::Typed(arg)) => takes(&arg.ty, diag),
            Some(FnArg::Receiver(_)) => None,
            None => {
                diag.error(
                    sig.paren_token.span.join(),
                    "a flow function takes rows as its first argument: &T or T for one row, &[T] or Vec<T> for a batch, &Rows for rows of any type",
                );
                None
            }
        };
        let args = inputs
            .enumerate()
            .filter_map(|(i, arg)| self::arg(i, arg, diag))
            .collect();
        let ret = match &sig.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, ty) => {
                refuse_impl(
                    ty,
                    diag,
                    "a flow function says what it returns: a type, not impl Trait",
                );
                ty.to_token_stream()
            }
        };
        Parts {
            takes,
            args,
            ret,
            is_async: sig.asyncness.is_some(),
        }
    }
}

fn refuse_forms(sig: &Signature, diag: &mut Diag) {
    if !sig.generics.params.is_empty() {
        diag.error(
            &sig.generics,
            "a flow function cannot be generic: it is registered once, with its types; write one function for each type",
        );
    }
    if let syn::Safety::Unsafe(word) = &sig.safety {
        diag.error(
            word,
            "a flow function cannot be unsafe: the flow calls it without knowing what it must hold to",
        );
    }
    if let Some(variadic) = &sig.variadic {
        diag.error(variadic, "a flow function cannot be variadic");
    }
}

fn takes(ty: &Type, diag: &mut Diag) -> Option<Takes> {
    match plain(ty) {
        Type::Reference(reference) => {
            if let Some(word) = &reference.mutability {
                diag.error(
                    word,
                    "a flow function borrows its rows with & or takes them; return the changed row instead",
                );
                return None;
            }
            match plain(&reference.elem) {
                Type::Slice(slice) => Some(Takes::Batch {
                    ty: (*slice.elem).clone(),
                    owned: false,
                }),
                Type::Path(path)
                    if path
                        .path
                        .segments
                        .last()
                        .is_some_and(|s| s.ident == "Rows" && s.arguments.is_none()) =>
                {
                    Some(Takes::Any)
                }
                inner => {
                    if inner_of(inner, "Vec").is_some() {
                        diag.error(
                            ty,
                            "a flow function borrows a batch as a slice: write &[T] instead of &Vec<T>",
                        );
                        return None;
                    }
                    Some(Takes::Row {
                        ty: inner.clone(),
                        owned: false,
                    })
                }
            }
        }
        ty => {
            refuse_impl(
                ty,
                diag,
                "a flow function names its row type: it is registered once, with its types",
            );
            match inner_of(ty, "Vec") {
                Some(row) => Some(Takes::Batch {
                    ty: row.clone(),
                    owned: true,
                }),
                None => Some(Takes::Row {
                    ty: ty.clone(),
                    owned: true,
                }),
            }
        }
    }
}

fn arg(i: usize, arg: &FnArg, diag: &mut Diag) -> Option<Arg> {
    let FnArg::Typed(arg) = arg else { return None };
    let name = match &*arg.pat {
        Pat::Ident(pat) => pat.ident.unraw().to_string(),
        _ => format!("arg{}", i + 2),
    };
    refuse_impl(&arg.ty, diag, "a flow function names the types of its arguments");
    let (ty, how) = match plain(&arg.ty) {
        Type::Reference(reference) if reference.mutability.is_some() => {
            match inner_of(&reference.elem, "Keyed") {
                Some(state) => (state.clone(), How::Keyed),
                None => ((*reference.elem).clone(), How::State),
            }
        }
        Type::Reference(reference) => ((*reference.elem).clone(), How::Lent),
        ty => (ty.clone(), How::Given),
    };
    Some(Arg { name, ty, how })
}

/// The type without parentheses and groups around it.
fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => plain(&inner.elem),
        Type::Group(inner) => plain(&inner.elem),
        ty => ty,
    }
}

/// The `T` of `Name<T>`.
fn inner_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = plain(ty) else { return None };
    let last = path.path.segments.last()?;
    if last.ident != name {
        return None;
    }
    match &last.arguments {
        PathArguments::AngleBracketed(args) => args.args.iter().find_map(|arg| match arg {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }),
        _ => None,
    }
}

fn refuse_impl(ty: &Type, diag: &mut Diag, message: &str) {
    if let Type::ImplTrait(word) = plain(ty) {
        diag.error(word.span(), message);
    }
}

/// Whether an argument has this name.
pub(crate) fn named<'a>(args: &'a [Arg], name: &Ident) -> Option<&'a Arg> {
    let name = name.unraw().to_string();
    args.iter().find(|arg| arg.name == name)
}
