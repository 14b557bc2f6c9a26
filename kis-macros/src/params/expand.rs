//! What `#[derive(Params)]` writes: the shape, the reader, and checks of the defaults.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{DeriveInput, Ident};

use super::model::{Bound, Data_, Model, Param};
use crate::{diag::Diag, flows::facts};

pub(crate) fn expand(item: &DeriveInput, model: &Model) -> TokenStream {
    let open = model.krate.open();
    let body = match &model.data {
        Data_::Struct(params) => params_struct(&item.ident, params),
        Data_::Words(words) => words_enum(&item.ident, words),
    };
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, reason = "generated")]
        const _: () = {
            #open
            #[allow(unused_imports, reason = "generated")]
            use __kis::kis_conf as __conf;
            #body
        };
    }
}

/// The errors, and an impl that does nothing, so that one mistake is one error.
pub(crate) fn stand_in(item: &DeriveInput, diag: &Diag) -> TokenStream {
    let errors = diag.tokens();
    if !item.generics.params.is_empty() {
        return errors;
    }
    let open = crate::path::Krate::usual().open();
    let ident = &item.ident;
    let name = ident.to_string();
    quote! {
        #errors
        const _: () = {
            #open
            use __kis::kis_conf as __conf;
            impl __conf::Params for #ident {
                const SHAPE: &'static __conf::ParamsShape = &__conf::ParamsShape { name: #name, params: &[] };
                fn read(_: &[__conf::Param], _: &__conf::Place) -> ::core::result::Result<Self, __conf::Problems> {
                    ::core::unreachable!()
                }
            }
        };
    }
}

fn params_struct(ident: &Ident, params: &[Param]) -> TokenStream {
    let name = ident.to_string();
    let shapes = params.iter().map(shape);
    let vars: Vec<Ident> = (0..params.len()).map(|i| format_ident!("__kis_{i}")).collect();
    let index = 0..params.len();
    let types = params.iter().map(|param| &param.ty);
    let fields = params.iter().map(|param| {
        let mut ident = param.ident.clone();
        ident.set_span(Span::call_site());
        ident
    });
    let checks = params
        .iter()
        .enumerate()
        .filter_map(|(i, param)| check_default(ident, i, param));
    quote! {
        impl __conf::Params for #ident {
            const SHAPE: &'static __conf::ParamsShape = &__conf::ParamsShape {
                name: #name,
                params: &[#(#shapes),*],
            };
            fn read(
                given: &[__conf::Param],
                at: &__conf::Place,
            ) -> ::core::result::Result<Self, __conf::Problems> {
                #[allow(unused_mut, reason = "generated")]
                let mut reader = __conf::ParamsReader::new(<Self as __conf::Params>::SHAPE, given, at);
                #(let #vars = <#types as __conf::ParamValue>::take(&mut reader, #index);)*
                reader.finish((|| ::core::option::Option::Some(Self { #(#fields: #vars?,)* }))())
            }
        }
        #(#checks)*
    }
}

fn shape(param: &Param) -> TokenStream {
    let (name, ty, doc) = (&param.name, &param.ty, &param.doc);
    let kind = quote!(<#ty as __conf::ParamValue>::KIND);
    let bound = param.min.as_ref().or(param.max.as_ref());
    let bounds = bound.map_or_else(Span::call_site, |bound| Span::call_site().located_at(bound.span));
    let whole = |bound: &Option<Bound>| bound.as_ref().is_none_or(|bound| bound.whole);
    let kind = match (&param.min, &param.max) {
        (None, None) => kind,
        (min, max) if whole(min) && whole(max) => {
            let (min, max) = (option(min), option(max));
            quote_spanned!(bounds => __conf::ParamKind::within_int(#kind, #min, #max))
        }
        (min, max) => {
            let float = |bound: &Option<Bound>| {
                bound.as_ref().map_or_else(
                    || quote!(::core::option::Option::None),
                    |bound| {
                        let value = &bound.value;
                        quote!(::core::option::Option::Some(#value as f64))
                    },
                )
            };
            let (min, max) = (float(min), float(max));
            quote_spanned!(bounds => __conf::ParamKind::within(#kind, #min, #max))
        }
    };
    let required = !param.optional && param.default.is_none();
    let default = match &param.default {
        Some(default) => {
            let text = &default.text;
            quote!(::core::option::Option::Some(#text))
        }
        None => quote!(::core::option::Option::None),
    };
    quote! {
        __conf::ParamShape { name: #name, kind: #kind, required: #required, default: #default, doc: #doc }
    }
}

fn option(bound: &Option<Bound>) -> TokenStream {
    match bound {
        Some(bound) => {
            let value = &bound.value;
            quote!(::core::option::Option::Some(#value))
        }
        None => quote!(::core::option::Option::None),
    }
}

/// A default must be a value that YAML could give.
fn check_default(owner: &Ident, i: usize, param: &Param) -> Option<TokenStream> {
    let default = param.default.as_ref()?;
    let (key, name, value) = (&param.name, owner.to_string(), facts::value(&default.facts));
    let place = format!("the default of {name}.{}", param.ident);
    let at = Span::call_site().located_at(default.span);
    let check = quote_spanned!(at => message.panic_at(#place));
    Some(quote! {
        const _: () = {
            let shape = <#owner as __conf::Params>::SHAPE;
            let kind = shape.params[#i].kind;
            // Lists and maps are written as YAML and checked when they are read.
            if !::core::matches!(kind, __conf::ParamKind::List(_) | __conf::ParamKind::Map(_) | __conf::ParamKind::Nested(_)) {
                let given = __conf::Given { key: #key, place: #place, value: #value };
                if let ::core::option::Option::Some(message) = __conf::check_param(#name, shape, &given) {
                    #check
                }
            }
        };
    })
}

fn words_enum(ident: &Ident, words: &[(Ident, String)]) -> TokenStream {
    let variants: Vec<_> = words.iter().map(|(variant, _)| variant).collect();
    let texts: Vec<_> = words.iter().map(|(_, text)| text).collect();
    quote! {
        impl __conf::ParamValue for #ident {
            const KIND: __conf::ParamKind = __conf::ParamKind::Choice(&[#(#texts),*]);
            fn read(node: &__conf::Node) -> ::core::result::Result<Self, __conf::Problem> {
                match node.choice(&[#(#texts),*])? {
                    #(#texts => ::core::result::Result::Ok(Self::#variants),)*
                    _ => ::core::unreachable!(),
                }
            }
        }
    }
}
