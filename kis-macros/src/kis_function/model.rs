//! What the attribute and the signature say together, and the rules that only both can break.

use kis_conf::Mode;
use proc_macro2::Span;
use syn::{Attribute, Ident, Visibility, ext::IdentExt};

use super::{
    args::{Args, Conns},
    signature::{Arg, How, Parts, Takes, named},
};
use crate::{
    diag::Diag,
    item_fn::ItemFn,
    names::{doc_of, type_ident},
    path::Krate,
};

/// A function that is to be registered.
pub(crate) struct Model {
    pub(crate) krate: Krate,
    pub(crate) ident: Ident,
    /// The type alias that stands for the YAML name, if that is not the function's.
    pub(crate) alias: Option<Ident>,
    pub(crate) name: String,
    pub(crate) vis: Visibility,
    /// `#[cfg(..)]` and `#[deprecated]`, which the hidden struct must share.
    pub(crate) shared: Vec<Attribute>,
    pub(crate) doc: String,
    pub(crate) mode: Mode,
    /// Argument (empty for all) and connector.
    pub(crate) conns: Vec<(String, String)>,
    pub(crate) args: Args,
    pub(crate) parts: Parts,
}

impl Model {
    pub(crate) fn new(args: Args, function: &ItemFn, diag: &mut Diag) -> Model {
        let parts = Parts::read(&function.sig, diag);
        let ident = function.sig.ident.clone();
        let own_name = ident.unraw().to_string();
        let name = args
            .name
            .as_ref()
            .map_or_else(|| own_name.clone(), syn::LitStr::value);
        check_state(&args, &parts, diag);
        check_words(&args, &parts, diag);
        let conns = conns(&args, &parts, diag);
        let shared = |attr: &&Attribute| attr.path().is_ident("cfg") || attr.path().is_ident("deprecated");
        Model {
            krate: args.krate.clone(),
            alias: args
                .name
                .as_ref()
                .filter(|_| name != own_name)
                .map(|literal| type_ident(&name, Span::call_site().located_at(literal.span()))),
            ident,
            name,
            vis: function.vis.clone(),
            shared: function.attrs.iter().filter(shared).cloned().collect(),
            doc: doc_of(&function.attrs),
            mode: args.mode.unwrap_or(Mode::Calculate),
            conns,
            args,
            parts,
        }
    }

    /// The state argument, if there is one.
    pub(crate) fn state(&self) -> Option<&Arg> {
        self.parts
            .args
            .iter()
            .find(|arg| matches!(arg.how, How::State | How::Keyed))
    }
}

fn check_state(args: &Args, parts: &Parts, diag: &mut Diag) {
    let mut states = parts
        .args
        .iter()
        .filter(|arg| matches!(arg.how, How::State | How::Keyed));
    let Some(state) = states.next() else {
        if let Some(key) = &args.key {
            diag.error(key, "key says by which field state is kept, but the function has no state; add an argument &mut S or &mut Keyed<S>");
        }
        return;
    };
    for more in states {
        diag.error(
            &more.ty,
            "a flow function keeps one state; put both into one struct",
        );
    }
    match (&parts.takes, &state.how) {
        (Some(Takes::Row { .. }), How::Keyed) => {
            diag.error(&state.ty, "a function that takes one row gets the state of its key: write &mut S instead of &mut Keyed<S>");
        }
        (Some(Takes::Batch { owned: true, .. }), _) => {
            diag.error(&state.ty, "a batch function with state borrows its rows, since a row's key is found by where the row stands: write &[T] instead of Vec<T>");
        }
        (Some(Takes::Batch { .. }), How::State) => {
            diag.error(
                &state.ty,
                "a function that takes a batch gets state by key: write &mut Keyed<S> and use state.of(row)",
            );
        }
        (Some(Takes::Any), _) => {
            diag.error(
                &state.ty,
                "a function with state names its row type: write &T or &[T] instead of &Rows",
            );
        }
        _ => {}
    }
    if let Some((number, _)) = &args.concurrent {
        diag.error(
            number,
            "rows with state are handled one after the other; remove concurrent",
        );
    }
}

fn check_words(args: &Args, parts: &Parts, diag: &mut Diag) {
    if let Some((number, _)) = &args.concurrent
        && (!parts.is_async || !matches!(parts.takes, None | Some(Takes::Row { .. })))
    {
        diag.error(
            number,
            "concurrent overlaps the rows of an async function that takes one row; this one is not",
        );
    }
    if let Some(blocking) = args.blocking
        && parts.is_async
    {
        diag.error(
            blocking,
            "an async function awaits and does not block; remove blocking or async",
        );
    }
    if let Some(word) = args.acts
        && matches!(parts.takes, Some(Takes::Row { .. }))
    {
        diag.error(
            word,
            "actions come from functions that take a batch and return Outcome<T>; this one takes one row",
        );
    }
}

fn conns(args: &Args, parts: &Parts, diag: &mut Diag) -> Vec<(String, String)> {
    match &args.conn {
        Conns::None => Vec::new(),
        Conns::All(name) => {
            if matches!(args.mode, Some(Mode::Calculate | Mode::Verify)) {
                let mode = args.mode.map_or("", Mode::as_str);
                diag.error(name, format!("a {mode} function has no connector; use mode = \"Load\" to read from one, \"Save\" to write to one"));
            } else if !may_hold_conn(parts) {
                diag.error(
                    name,
                    "the function has no argument that could take the connector; add one, conn: &Conn<C>",
                );
            }
            vec![(String::new(), name.value())]
        }
        Conns::ByArg(conns) => {
            for (arg, _) in conns {
                if named(&parts.args, arg).is_none() {
                    let known: Vec<&str> = parts.args.iter().map(|arg| arg.name.as_str()).collect();
                    let hint = kis_conf::suggest::did_you_mean(&arg.to_string(), &known);
                    diag.error(arg, format!("the function has no argument {arg}; {hint}"));
                }
            }
            conns
                .iter()
                .map(|(arg, conn)| (arg.unraw().to_string(), conn.value()))
                .collect()
        }
    }
}

/// Any argument's own type may hold a connector; a function without arguments has none.
fn may_hold_conn(parts: &Parts) -> bool {
    parts
        .args
        .iter()
        .any(|arg| matches!(arg.how, How::Lent | How::Given))
}
