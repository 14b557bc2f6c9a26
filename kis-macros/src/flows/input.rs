//! What stands in `flows!(..)`.

use proc_macro2::{Span, TokenStream};
use syn::{LitStr, Path, Token, parse::Parser, punctuated::Punctuated};

use crate::{diag::Diag, path::Krate, words::Words};

const WORDS: Words = Words {
    of: "flows!(..)",
    known: &["functions", "crate"],
};

/// The folder and where functions are.
pub(crate) struct Input {
    pub(crate) folder: LitStr,
    pub(crate) homes: Vec<Path>,
    pub(crate) krate: Krate,
}

impl Input {
    pub(crate) fn read(tokens: TokenStream, diag: &mut Diag) -> Option<Input> {
        let parser = |input: syn::parse::ParseStream<'_>| {
            let folder = input.parse::<LitStr>().map_err(|error| {
                syn::Error::new(error.span(), "flows! begins with the folder of the YAML files: flows!(\"conf/\", functions = crate::functions)")
            })?;
            let mut parsed = Input {
                folder,
                homes: Vec::new(),
                krate: Krate::usual(),
            };
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
            WORDS.read(input, diag, |word, _, input, _| {
                match word {
                    "functions" => parsed.homes = homes(input)?,
                    _ => parsed.krate = Krate::parse(input)?,
                }
                Ok(())
            })?;
            Ok(parsed)
        };
        let read = Parser::parse2(parser, tokens);
        let input = diag.take(read)?;
        if input.homes.is_empty() && diag.is_empty() {
            diag.error(
                Span::call_site(),
                "flows! needs the module of the functions that the files name: functions = crate::functions, or functions = [crate::a, other::b]",
            );
        }
        diag.is_empty().then_some(input)
    }
}

fn homes(input: syn::parse::ParseStream<'_>) -> syn::Result<Vec<Path>> {
    input.parse::<Token![=]>()?;
    if !input.peek(syn::token::Bracket) {
        return Ok(vec![Path::parse_mod_style(input)?]);
    }
    let inner;
    syn::bracketed!(inner in input);
    Ok(
        Punctuated::<Path, Token![,]>::parse_terminated_with(&inner, Path::parse_mod_style)?
            .into_iter()
            .collect(),
    )
}
