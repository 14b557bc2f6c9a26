//! Words in attributes: each known once, and the answer to one that is not.

use kis_conf::suggest::did_you_mean;
use proc_macro2::Span;
use syn::{Ident, ext::IdentExt, parse::ParseStream};

use crate::diag::Diag;

/// The words of one attribute.
pub(crate) struct Words {
    /// What the words belong to, `#[kis_function(..)]`.
    pub(crate) of: &'static str,
    pub(crate) known: &'static [&'static str],
}

impl Words {
    /// Reads `word ..., word ...` and calls `each` at each known word. An error spoils one word, not the rest.
    pub(crate) fn read(
        &self,
        input: ParseStream<'_>,
        diag: &mut Diag,
        mut each: impl FnMut(&str, &Ident, ParseStream<'_>, &mut Diag) -> syn::Result<()>,
    ) -> syn::Result<()> {
        let mut seen: Vec<(String, Span)> = Vec::new();
        while !input.is_empty() {
            let read = self.word(input, diag, &mut seen, &mut each);
            if let Err(error) = read {
                diag.push(error);
                skip_to_comma(input)?;
                // What follows an unknown word may belong to it.
                while input.peek(syn::Token![,]) && input.peek2(syn::Lit) {
                    input.parse::<syn::Token![,]>()?;
                    skip_to_comma(input)?;
                }
            }
            if input.is_empty() {
                break;
            }
            if let Err(error) = input.parse::<syn::Token![,]>() {
                diag.push(error);
                skip_to_comma(input)?;
                let _ = input.parse::<syn::Token![,]>();
            }
        }
        Ok(())
    }

    fn word(
        &self,
        input: ParseStream<'_>,
        diag: &mut Diag,
        seen: &mut Vec<(String, Span)>,
        each: &mut impl FnMut(&str, &Ident, ParseStream<'_>, &mut Diag) -> syn::Result<()>,
    ) -> syn::Result<()> {
        let ident = Ident::parse_any(input).map_err(|error| {
            syn::Error::new(
                error.span(),
                format!("expected a word of {}: {}", self.of, self.known.join(", ")),
            )
        })?;
        let word = ident.unraw().to_string();
        if !self.known.contains(&word.as_str()) {
            return Err(syn::Error::new(
                ident.span(),
                format!(
                    "unknown word {word} in {}; {}",
                    self.of,
                    did_you_mean(&word, self.known)
                ),
            ));
        }
        if seen.iter().any(|(known, _)| *known == word) {
            return Err(syn::Error::new(
                ident.span(),
                format!("{word} is given twice in {}", self.of),
            ));
        }
        seen.push((word.clone(), ident.span()));
        each(&word, &ident, input, diag)
    }
}

/// Reads `= value`.
pub(crate) fn value<T: syn::parse::Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<syn::Token![=]>()?;
    input.parse()
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(syn::Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
