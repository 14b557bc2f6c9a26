//! What `#[derive(Row)]` writes: the shape, and one line for each field in each of the ways in and out.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{DeriveInput, Ident};

use super::model::{Field, Model};
use crate::{diag::Diag, twin::serde_twin};

pub(crate) fn expand(item: &DeriveInput, model: &Model) -> TokenStream {
    let open = model.krate.open();
    let serde = if model.own_serde {
        TokenStream::new()
    } else {
        twin(item, model)
    };
    let (row, value) = (impl_row(item, model), impl_field_value(item));
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, reason = "generated")]
        const _: () = {
            #open
            #row
            #value
            #serde
        };
    }
}

/// The errors, and impls that do nothing, so that one mistake is one error.
pub(crate) fn stand_in(item: &DeriveInput, diag: &Diag) -> TokenStream {
    let errors = diag.tokens();
    if !item.generics.params.is_empty() {
        return errors;
    }
    let open = crate::path::Krate::usual().open();
    let (ident, value) = (&item.ident, impl_field_value(item));
    let name = ident.to_string();
    quote! {
        #errors
        const _: () = {
            #open
            impl __kis::Row for #ident {
                const SHAPE: &'static __kis::Shape = &__kis::Shape { name: #name, path: "", fields: &[] };
                fn copy(&self) -> Self { ::core::unreachable!() }
                fn field(&self, _: usize) -> __kis::Value<'_> { ::core::unreachable!() }
                fn build<'a>(_: &mut dyn FnMut(usize) -> __kis::Value<'a>) -> ::core::result::Result<Self, __kis::FieldError> {
                    ::core::unreachable!()
                }
                fn from_texts(_: &__kis::Texts<'_>) -> ::core::result::Result<Self, __kis::FieldError> { ::core::unreachable!() }
                fn from_raw(_: &[u8]) -> ::core::result::Result<Self, __kis::FieldError> { ::core::unreachable!() }
            }
            #value
            impl __kis::serde::Serialize for #ident {
                fn serialize<S: __kis::serde::Serializer>(&self, _: S) -> ::core::result::Result<S::Ok, S::Error> {
                    ::core::unreachable!()
                }
            }
            impl<'de> __kis::serde::Deserialize<'de> for #ident {
                fn deserialize<D: __kis::serde::Deserializer<'de>>(_: D) -> ::core::result::Result<Self, D::Error> {
                    ::core::unreachable!()
                }
            }
        };
    }
}

fn impl_row(item: &DeriveInput, model: &Model) -> TokenStream {
    let ident = &item.ident;
    let name = ident.to_string();
    let shape = model.wire().map(shape_of);
    let copy = model.fields.iter().map(|field| {
        let (ident, ty) = (call_site(&field.ident), &field.ty);
        if field.json || field.skip {
            quote!(#ident: ::core::clone::Clone::clone(&self.#ident),)
        } else {
            quote!(#ident: <#ty as __kis::FieldValue>::copy(&self.#ident),)
        }
    });
    let values = model.wire().enumerate().map(|(i, field)| {
        let ident = call_site(&field.ident);
        if field.json {
            quote!(#i => __kis::Value::Other(&self.#ident),)
        } else {
            {
                let ty = &field.ty;
                quote!(#i => <#ty as __kis::FieldValue>::value(&self.#ident),)
            }
        }
    });
    let build = each(model, |i, field, ty| match (field.json, &field.default) {
        (true, None) => quote!(__kis::json_field(#i, get(#i))?),
        (true, Some(default)) => quote!(__kis::json_field_or(#i, get(#i), || #default)?),
        (false, None) => quote!(<#ty as __kis::FieldValue>::view(#i, get(#i))?),
        (false, Some(default)) => quote!(<#ty as __kis::FieldValue>::view_or(#i, get(#i), || #default)?),
    });
    let texts = each(model, |i, field, ty| match (field.json, &field.default) {
        (true, _) => quote!(texts.json(#i)?),
        (false, None) => quote!(<#ty as __kis::FieldValue>::read(#i, texts)?),
        (false, Some(default)) => quote!(<#ty as __kis::FieldValue>::read_or(#i, texts, || #default)?),
    });
    let raw = match &*model.wire().collect::<Vec<_>>() {
        [field] if !field.json => {
            let fields = each(
                model,
                |_, _, ty| quote!(<#ty as __kis::FieldValue>::whole(bytes)?),
            );
            quote!(::core::result::Result::Ok(Self { #fields }))
        }
        _ => quote!({
            let _ = bytes;
            ::core::result::Result::Err(__kis::FieldError::not_raw())
        }),
    };
    let json = if model.plain {
        impl_json(model)
    } else {
        TokenStream::new()
    };
    quote! {
        impl __kis::Row for #ident {
            const SHAPE: &'static __kis::Shape = &__kis::Shape {
                name: #name,
                path: ::core::concat!(::core::module_path!(), "::", #name),
                fields: &[#(#shape),*],
            };
            #[inline]
            fn copy(&self) -> Self {
                Self { #(#copy)* }
            }
            #[inline]
            fn field(&self, i: usize) -> __kis::Value<'_> {
                match i {
                    #(#values)*
                    _ => __kis::Value::Missing,
                }
            }
            fn build<'a>(
                get: &mut dyn FnMut(usize) -> __kis::Value<'a>,
            ) -> ::core::result::Result<Self, __kis::FieldError> {
                ::core::result::Result::Ok(Self { #build })
            }
            #[inline]
            fn from_texts(texts: &__kis::Texts<'_>) -> ::core::result::Result<Self, __kis::FieldError> {
                ::core::result::Result::Ok(Self { #texts })
            }
            fn from_raw(bytes: &[u8]) -> ::core::result::Result<Self, __kis::FieldError> {
                #raw
            }
            #json
        }
    }
}

/// How a row whose fields serde only names is read without serde: each field by the key that stands before it.
fn impl_json(model: &Model) -> TokenStream {
    let fields = each(model, |i, field, _| {
        let open = if i == 0 { '{' } else { ',' };
        let key = format!("{open}\"{}\":", field.name);
        quote!(json.field(#i, #key)?)
    });
    quote! {
        const PLAIN: bool = true;
        #[inline]
        fn from_json(json: &mut impl __kis::JsonFields) -> ::core::option::Option<Self> {
            ::core::option::Option::Some(Self { #fields })
        }
    }
}

/// `field: value,` for each field; a field that is not on the wire is its default.
fn each(model: &Model, value: impl Fn(usize, &Field, &syn::Type) -> TokenStream) -> TokenStream {
    let mut i = 0;
    let mut out = TokenStream::new();
    for field in &model.fields {
        let ident = call_site(&field.ident);
        let value = if field.skip {
            field
                .default
                .clone()
                .unwrap_or_else(|| quote!(::core::default::Default::default()))
        } else {
            i += 1;
            value(i - 1, field, &field.ty)
        };
        out.extend(quote!(#ident: #value,));
    }
    out
}

fn shape_of(field: &Field) -> TokenStream {
    let (name, ty, default) = (&field.name, &field.ty, field.default.is_some());
    let kind = if field.json {
        let text = quote!(#ty).to_string().replace(' ', "");
        quote!(__kis::Kind::Json(#text))
    } else {
        quote!(<#ty as __kis::FieldValue>::KIND)
    };
    quote!(__kis::Field { name: #name, kind: #kind, default: #default })
}

/// A row type can be a field of another.
fn impl_field_value(item: &DeriveInput) -> TokenStream {
    let ident = &item.ident;
    quote! {
        impl __kis::FieldValue for #ident {
            const KIND: __kis::Kind = __kis::Kind::Row(<#ident as __kis::Row>::SHAPE);
            fn value(&self) -> __kis::Value<'_> {
                __kis::Value::Row(self)
            }
            fn build(value: __kis::Value<'_>) -> ::core::option::Option<Self> {
                __kis::nested(value)
            }
            fn from_text(_: &str) -> ::core::option::Option<Self> {
                ::core::option::Option::None
            }
            fn copy(&self) -> Self {
                __kis::Row::copy(self)
            }
        }
    }
}

fn twin(item: &DeriveInput, model: &Model) -> TokenStream {
    serde_twin(item, &model.krate, |i| {
        let Some(field) = model.fields.get(i) else {
            return TokenStream::new();
        };
        let rename = field.rename.as_ref().map(|name| quote!(#[serde(rename = #name)]));
        let default = field.row_default.then(|| quote!(#[serde(default)]));
        quote!(#rename #default)
    })
}

fn call_site(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(Span::call_site());
    ident
}
