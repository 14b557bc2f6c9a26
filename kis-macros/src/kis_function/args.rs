//! What stands in `#[kis_function(..)]`.

use kis_conf::{Mode, Word, illegal_name, suggest::did_you_mean};
use proc_macro2::{Span, TokenStream};
use syn::{Ident, LitInt, LitStr, Path, Token, ext::IdentExt, parse::Parser, punctuated::Punctuated};

use crate::{
    diag::Diag,
    path::Krate,
    words::{Words, value},
};

const WORDS: Words = Words {
    of: "#[kis_function(..)]",
    known: &[
        "mode",
        "conn",
        "name",
        "key",
        "jumps",
        "reuse",
        "concurrent",
        "blocking",
        "crate",
    ],
};

/// The words of the attribute.
pub(crate) struct Args {
    pub(crate) mode: Option<Mode>,
    pub(crate) conn: Conns,
    pub(crate) name: Option<LitStr>,
    pub(crate) key: Option<LitStr>,
    pub(crate) jumps: Vec<Path>,
    /// The words `jumps` or `reuse`, where they stand.
    pub(crate) acts: Option<Span>,
    pub(crate) reuse: bool,
    pub(crate) concurrent: Option<(LitInt, usize)>,
    pub(crate) blocking: Option<Span>,
    pub(crate) krate: Krate,
}

/// The connectors that the attribute names.
pub(crate) enum Conns {
    None,
    /// `conn = "A"`
    All(LitStr),
    /// `conn(cache = "A", db = "B")`
    ByArg(Vec<(Ident, LitStr)>),
}

impl Args {
    pub(crate) fn read(tokens: TokenStream, diag: &mut Diag) -> Args {
        let mut args = Args {
            mode: None,
            conn: Conns::None,
            name: None,
            key: None,
            jumps: Vec::new(),
            acts: None,
            reuse: false,
            concurrent: None,
            blocking: None,
            krate: Krate::usual(),
        };
        let mut mode_given = false;
        let parser = |input: syn::parse::ParseStream<'_>| {
            WORDS.read(input, diag, |word, ident, input, diag| {
                match word {
                    "mode" => {
                        mode_given = true;
                        args.mode = mode(&value(input)?, diag);
                    }
                    "conn" => args.conn = conns(input, diag)?,
                    "name" => args.name = Some(name(value(input)?, diag)),
                    "key" => args.key = Some(value(input)?),
                    "jumps" => {
                        args.acts = Some(ident.span());
                        let inner;
                        syn::parenthesized!(inner in input);
                        let paths = Punctuated::<Path, Token![,]>::parse_terminated_with(
                            &inner,
                            Path::parse_mod_style,
                        )?;
                        args.jumps = paths.into_iter().collect();
                    }
                    "reuse" => {
                        args.acts = Some(ident.span());
                        args.reuse = true;
                    }
                    "concurrent" => args.concurrent = concurrent(value(input)?, diag),
                    "blocking" => args.blocking = Some(ident.span()),
                    _ => args.krate = Krate::parse(input)?,
                }
                Ok(())
            })
        };
        let read = Parser::parse2(parser, tokens);
        diag.take(read);
        if !mode_given && diag.is_empty() {
            diag.error(
                Span::call_site(),
                format!(
                    "#[kis_function] needs a mode; write mode = \"..\" with one of {}",
                    Mode::WORDS.join(", ")
                ),
            );
        }
        args
    }
}

fn mode(text: &LitStr, diag: &mut Diag) -> Option<Mode> {
    let word = text.value();
    let mode = Mode::from_word(&word);
    if mode.is_none() {
        diag.error(
            text,
            format!("unknown mode {word}; {}", did_you_mean(&word, Mode::WORDS)),
        );
    }
    mode
}

fn conns(input: syn::parse::ParseStream<'_>, diag: &mut Diag) -> syn::Result<Conns> {
    if input.peek(Token![=]) {
        return Ok(Conns::All(name(value(input)?, diag)));
    }
    let inner;
    syn::parenthesized!(inner in input);
    let mut by_arg: Vec<(Ident, LitStr)> = Vec::new();
    while !inner.is_empty() {
        let arg = Ident::parse_any(&inner)?;
        let conn = name(value(&inner)?, diag);
        if by_arg.iter().any(|(known, _)| *known == arg) {
            diag.error(arg.span(), format!("argument {arg} has two connectors"));
        }
        by_arg.push((arg, conn));
        if !inner.is_empty() {
            inner.parse::<Token![,]>()?;
        }
    }
    Ok(Conns::ByArg(by_arg))
}

fn name(text: LitStr, diag: &mut Diag) -> LitStr {
    if let Some(why) = illegal_name(&text.value()) {
        diag.error(&text, format!("{:?} is not a legal name: {why}", text.value()));
    }
    text
}

fn concurrent(number: LitInt, diag: &mut Diag) -> Option<(LitInt, usize)> {
    match number.base10_parse::<usize>() {
        Ok(n @ 2..=10_000) => Some((number, n)),
        _ => {
            diag.error(&number, "concurrent is a whole number from 2 to 10000");
            None
        }
    }
}
