//! Names in YAML and the Rust identifiers that stand for them.

use proc_macro2::Span;
use syn::Ident;

/// The type that stands for the function that YAML calls `name`: the name itself where Rust allows it, else its
/// letters with all others spelt out.
pub(crate) fn type_ident(name: &str, span: Span) -> Ident {
    if let Ok(mut ident) = syn::parse_str::<Ident>(name) {
        ident.set_span(span);
        return ident;
    }
    if let Ok(mut ident) = syn::parse_str::<Ident>(&format!("r#{name}")) {
        ident.set_span(span);
        return ident;
    }
    let mut text = String::from("__kis_");
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            text.push(c);
        } else {
            text.push_str(&format!("_{:x}_", u32::from(c)));
        }
    }
    Ident::new(&text, span)
}

/// `:9`, the line of a token. A `line!()` of that place would be a second target for the editor.
pub(crate) fn line_of(span: Span) -> String {
    format!(
        ":{}",
        if proc_macro::is_available() {
            span.unwrap().line()
        } else {
            0
        }
    )
}

/// The text of doc comments, lines joined, leading spaces removed.
pub(crate) fn doc_of(attrs: &[syn::Attribute]) -> String {
    let mut lines = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
        if let syn::Meta::NameValue(meta) = &attr.meta
            && let syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) = &meta.value
        {
            lines.push(text.value().trim().to_owned());
        }
    }
    lines.join("\n").trim().to_owned()
}

/// `StuScore` as `stu_score`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.char_indices() {
        if c.is_uppercase() {
            if i > 0 {
                out.push('_');
            }
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}
