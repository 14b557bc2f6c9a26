//! The facts of given params as tokens of constants.

use kis_conf::{GivenOwned, OwnedValue};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// `Given { .. }`; the name `__conf` must be in scope.
pub(crate) fn given(given: &GivenOwned) -> TokenStream {
    let (key, place, value) = (&given.key, &given.place, value(&given.value));
    quote!(__conf::Given { key: #key, place: #place, value: #value })
}

/// `GivenValue::..`
pub(crate) fn value(value: &OwnedValue) -> TokenStream {
    match value {
        OwnedValue::Null => quote!(__conf::GivenValue::Null),
        OwnedValue::Deferred => quote!(__conf::GivenValue::Deferred),
        OwnedValue::Scalar {
            text,
            shown,
            int,
            float,
            bool,
            duration_ns,
            bytes,
        } => {
            let int = option(int.map(Literal::i64_suffixed));
            let float = option(float.map(float_tokens));
            let bool = option(*bool);
            let duration_ns = option(duration_ns.map(Literal::u64_suffixed));
            let bytes = option(bytes.map(Literal::u64_suffixed));
            quote! {
                __conf::GivenValue::Scalar {
                    text: #text,
                    shown: #shown,
                    int: #int,
                    float: #float,
                    bool: #bool,
                    duration_ns: #duration_ns,
                    bytes: #bytes,
                }
            }
        }
        OwnedValue::List(items) => {
            let items = items.iter().map(self::value);
            quote!(__conf::GivenValue::List(&[#(#items),*]))
        }
        OwnedValue::Map(entries) => {
            let entries = entries.iter().map(given);
            quote!(__conf::GivenValue::Map(&[#(#entries),*]))
        }
    }
}

/// A literal cannot be infinite or not a number.
fn float_tokens(value: f64) -> TokenStream {
    if value.is_nan() {
        quote!(f64::NAN)
    } else if value == f64::INFINITY {
        quote!(f64::INFINITY)
    } else if value == f64::NEG_INFINITY {
        quote!(f64::NEG_INFINITY)
    } else {
        let literal = Literal::f64_suffixed(value);
        quote!(#literal)
    }
}

fn option<T: quote::ToTokens>(value: Option<T>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
