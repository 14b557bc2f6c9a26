//! What is written beside a flow function: the struct that stands for it, its facts, and the shim that calls it.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::Ident;

use super::{
    model::Model,
    signature::{Arg, How, Takes},
};
use crate::{diag::Diag, names::line_of};

/// The whole expansion behind the item.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let Some(takes) = &model.parts.takes else {
        return TokenStream::new();
    };
    let (proxy, open, shared) = (proxy(model), model.krate.open(), &model.shared);
    let by = by(takes);
    let function = impl_function(model, takes, &by);
    let shim = shim(model, takes, &by);
    let ident = own_ident(model);
    quote! {
        #proxy
        #(#shared)*
        #[allow(deprecated, clippy::all, clippy::pedantic, reason = "generated")]
        const _: () = {
            #open
            #function
            #shim
            __kis::inventory::submit! { __kis::Registered(&<#ident as __kis::Function>::INFO) }
        };
    }
}

/// What stands there when the attribute or the signature is wrong: the errors, and enough of a function that nothing
/// else complains.
pub(crate) fn stand_in(model: &Model, diag: &Diag) -> TokenStream {
    let (proxy, open, shared, errors) = (proxy(model), model.krate.open(), &model.shared, diag.tokens());
    let (ident, name) = (own_ident(model), &model.name);
    quote! {
        #errors
        #proxy
        #(#shared)*
        const _: () = {
            #open
            impl __kis::Function for #ident {
                type In = __kis::AnyRow;
                const NAME: &'static str = #name;
                const INFO: __kis::FunctionInfo = __kis::FunctionInfo::broken(#name);
            }
        };
    }
}

/// A brace struct lives beside a function of the same name, and makes the name a path of a type.
fn proxy(model: &Model) -> TokenStream {
    let (vis, shared) = (&model.vis, &model.shared);
    // It stands where the function's name stands, so that an editor which finds the struct shows the function.
    let ident = &model.ident;
    let alias = model.alias.as_ref().map(|alias| {
        quote! {
            #(#shared)*
            #[doc(hidden)]
            #[allow(non_camel_case_types, dead_code, deprecated, reason = "generated")]
            #vis type #alias = #ident;
        }
    });
    quote! {
        #(#shared)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, reason = "generated")]
        #vis struct #ident {}
        #alias
    }
}

fn impl_function(model: &Model, takes: &Takes, by: &TokenStream) -> TokenStream {
    let (ident, name) = (own_ident(model), &model.name);
    let (rust_name, doc) = (model.ident.to_string(), &model.doc);
    let mode = format_ident!("{}", model.mode.as_str());
    let line = line_of(model.ident.span());
    let conns = model.conns.iter().map(|(arg, conn)| quote!((#arg, #conn)));
    let (reuse, jumps, ret) = (model.args.reuse, &model.args.jumps, &model.parts.ret);
    let needs = model.parts.args.iter().map(|arg| need(model, arg));
    let (input, owned, make, of) = match takes {
        Takes::Row { ty, owned } => (quote!(#ty), *owned, quote!(row), quote!(RowFn)),
        Takes::Batch { ty, owned } => (quote!(#ty), *owned, quote!(batch), quote!(BatchFn)),
        Takes::Any => (quote!(__kis::AnyRow), false, quote!(any), quote!(BatchFn)),
    };
    let call = match (model.parts.is_async, model.args.blocking) {
        (true, _) => quote!(Later),
        (false, Some(_)) => quote!(Blocking),
        (false, None) => quote!(Now),
    };
    // The type of the state is written once, so that a mistake in it is one error.
    let state = model.state().map(|arg| {
        let ty = &arg.ty;
        quote!(impl __kis::StateFn for #ident { type State = #ty; })
    });
    quote! {
        impl __kis::Function for #ident {
            type In = #input;
            const NAME: &'static str = #name;
            const INFO: __kis::FunctionInfo = __kis::FunctionInfo::#make::<#ident, #by>(
                __kis::Facts {
                    rust_name: #rust_name,
                    module: ::core::module_path!(),
                    at: ::core::concat!(::core::file!(), #line),
                    doc: #doc,
                    mode: __kis::Mode::#mode,
                    conns: &[#(#conns),*],
                    reuse: #reuse,
                    jumps: &[#(<#jumps as __kis::Function>::NAME),*],
                    needs: &[#(#needs),*],
                    owned: #owned,
                    variants: {
                        use __kis::AnyError as _;
                        <__kis::VariantsOf<<#ident as __kis::#of<#by>>::Ret>>::OF
                    },
                },
                __kis::Call::#call(__kis_call),
            );
        }
        impl __kis::#of<#by> for #ident {
            type Ret = #ret;
        }
        #state
    }
}

fn need(model: &Model, arg: &Arg) -> TokenStream {
    let (name, ty) = (&arg.name, &arg.ty);
    let need = match arg.how {
        How::Lent | How::Given => quote!(<#ty as __kis::FromContext>::NEED),
        How::State | How::Keyed => {
            let key = match &model.args.key {
                Some(key) => quote!(::core::option::Option::Some(#key)),
                None => quote!(::core::option::Option::None),
            };
            let ident = own_ident(model);
            quote!(__kis::Need::State(<#ident as __kis::StateFn>::STATE.by(#key)))
        }
    };
    quote!(__kis::ArgNeed { arg: #name, need: #need })
}

fn shim(model: &Model, takes: &Takes, by: &TokenStream) -> TokenStream {
    let fetch: TokenStream = model
        .parts
        .args
        .iter()
        .enumerate()
        .map(|(i, arg)| fetch(i, arg))
        .collect();
    if model.parts.is_async {
        let body = later(model, takes, by);
        return quote! {
            fn __kis_call<'a, 'b>(job: &'a mut __kis::Job<'b>) -> __kis::BoxFuture<'a, __kis::Verdict> {
                ::std::boxed::Box::pin(async move {
                    #fetch
                    #body
                })
            }
        };
    }
    let body = now(model, takes);
    quote! {
        fn __kis_call(job: &mut __kis::Job<'_>) -> __kis::Verdict {
            #fetch
            #body
        }
    }
}

fn fetch(i: usize, arg: &Arg) -> TokenStream {
    if matches!(arg.how, How::State | How::Keyed) {
        return TokenStream::new();
    }
    let (var, name, ty) = (var(i), &arg.name, &arg.ty);
    quote! {
        let #var = match <#ty as __kis::FromContext>::from_context(job.cx, #name) {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(error) => return __kis::Verdict::Failed(error),
        };
    }
}

/// The call of a function that does not await, through the helper for its form.
fn now(model: &Model, takes: &Takes) -> TokenStream {
    let (f, ident) = (&model.ident, own_ident(model));
    let state = model.state();
    let one_row = matches!(takes, Takes::Row { .. });
    let args = call_args(model, one_row);
    let given = if one_row {
        format_ident!("row")
    } else {
        format_ident!("rows")
    };
    let mut call = quote!(#f(#given #args));
    let mut place = TokenStream::new();
    if one_row && model.args.blocking.is_some() {
        // Only such a call can be given up while it is under way; no other pays for saying where it is.
        place = quote!(let __kis_place = job.place;);
        call = quote!({ __kis::begins(__kis_place); #call });
    }
    let with = match state {
        Some(_) => quote!(|#given, state| #call),
        None => quote!(|#given| #call),
    };
    let helper = match (takes, state.is_some()) {
        (Takes::Row { owned: false, .. }, false) => "rows_ref",
        (Takes::Row { owned: false, .. }, true) => "rows_ref_state",
        (Takes::Row { owned: true, .. }, false) => "rows_own",
        (Takes::Row { owned: true, .. }, true) => "rows_own_state",
        (Takes::Batch { owned: false, .. }, false) => "batch_ref",
        (Takes::Batch { .. }, true) => "batch_ref_state",
        (Takes::Batch { owned: true, .. }, false) => "batch_own",
        (Takes::Any, _) => "batch_any",
    };
    let helper = format_ident!("{helper}");
    quote!(#place __kis::#helper::<#ident>(job, #with))
}

/// The awaiting call. The loop stands here and not in a helper, since an async closure over borrowed arguments
/// cannot be proved `Send`.
fn later(model: &Model, takes: &Takes, by: &TokenStream) -> TokenStream {
    let (f, ident) = (&model.ident, own_ident(model));
    let args = call_args(model, matches!(takes, Takes::Row { .. }));
    match (takes, model.state(), &model.args.concurrent) {
        (Takes::Row { owned, .. }, None, None) => {
            let row = row(*owned);
            quote! {
                let (rows, order) = __kis::view_rows::<#ident>(job);
                let mut run = __kis::RowRun::<#ident, #by>::new(rows.len(), order);
                for (i, row) in rows.iter().enumerate() {
                    if run.holds(i) {
                        continue;
                    }
                    run.put(i, __kis::caught(#f(#row #args)).await);
                }
                run.finish(job)
            }
        }
        (Takes::Row { owned, .. }, None, Some((_, most))) => {
            let row = row(*owned);
            quote! {
                let (rows, order) = __kis::view_rows::<#ident>(job);
                let mut run = __kis::RowRun::<#ident, #by>::new(rows.len(), order);
                let mut window = __kis::Window::new(#most);
                for (i, row) in rows.iter().enumerate() {
                    window.start(i, __kis::caught(#f(#row #args)), |i, result| { run.put(i, result); }).await;
                }
                window.finish(|i, result| { run.put(i, result); }).await;
                run.finish(job)
            }
        }
        (Takes::Row { owned, .. }, Some(_), _) => {
            let row = row(*owned);
            quote! {
                let (rows, (mut states, order)) = match __kis::view_state::<#ident>(job) {
                    ::core::result::Result::Ok(both) => both,
                    ::core::result::Result::Err(verdict) => return verdict,
                };
                let mut run = __kis::RowRun::<#ident, #by>::new(rows.len(), order);
                for (i, row) in rows.iter().enumerate() {
                    if run.holds(i) {
                        continue;
                    }
                    let state = states.of(i);
                    let result = __kis::caught(#f(#row #args)).await;
                    if !run.put(i, result) {
                        states.put_back();
                    }
                }
                states.keep();
                run.finish(job)
            }
        }
        (Takes::Batch { .. }, Some(_), _) => quote! {
            let (rows, mut lent) = match __kis::view_keyed::<#ident>(job) {
                ::core::result::Result::Ok(both) => both,
                ::core::result::Result::Err(verdict) => return verdict,
            };
            let state = lent.keyed();
            let result = __kis::caught(#f(rows #args)).await;
            ::core::mem::drop(lent);
            __kis::batch_done::<#ident, #by>(job, result)
        },
        (Takes::Batch { .. } | Takes::Any, ..) => {
            let rows = match takes {
                Takes::Batch { owned: true, .. } => quote!(__kis::batch_copy::<#ident, #by>(job)),
                Takes::Any => quote!(__kis::view_any(job)),
                _ => quote!(__kis::view::<#ident>(job)),
            };
            quote! {
                let rows = #rows;
                let result = __kis::caught(#f(rows #args)).await;
                __kis::batch_done::<#ident, #by>(job, result)
            }
        }
    }
}

fn row(owned: bool) -> TokenStream {
    if owned {
        quote!(__kis::Row::copy(row))
    } else {
        quote!(row)
    }
}

/// The arguments behind the rows. What a row function takes by value is cloned for each row.
fn call_args(model: &Model, one_row: bool) -> TokenStream {
    let each = model.parts.args.iter().enumerate().map(|(i, arg)| {
        let var = var(i);
        match arg.how {
            How::Lent => quote!(, &#var),
            How::Given if one_row => quote!(, ::core::clone::Clone::clone(&#var)),
            How::Given => quote!(, #var),
            How::State | How::Keyed => quote!(, state),
        }
    });
    each.collect()
}

fn by(takes: &Takes) -> TokenStream {
    match takes {
        Takes::Row { owned: true, .. } | Takes::Batch { owned: true, .. } => quote!(__kis::ByVal),
        _ => quote!(__kis::ByRef),
    }
}

fn var(i: usize) -> Ident {
    format_ident!("__kis_{i}")
}

/// The name of the hidden struct, where it is used: not a token of the user's.
fn own_ident(model: &Model) -> Ident {
    let mut ident = model.ident.clone();
    ident.set_span(Span::call_site());
    ident
}
