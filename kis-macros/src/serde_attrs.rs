//! What serde's attributes say about names, so that ours and serde's agree.

use syn::{Attribute, Expr, LitStr, Token, parse::ParseStream};

/// What `#[serde(..)]` says on a type, a field or a variant, as far as it matters here.
#[derive(Default)]
pub(crate) struct SerdeAttrs {
    /// The name when reading.
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<LitStr>,
    pub(crate) default: Option<SerdeDefault>,
    pub(crate) skip: bool,
    pub(crate) flatten: Option<proc_macro2::Span>,
    /// Anything that does more than name the field: only serde itself reads the JSON of such a type.
    pub(crate) more: bool,
}

/// What a missing field becomes.
pub(crate) enum SerdeDefault {
    /// `#[serde(default)]`
    Trait,
    /// `#[serde(default = "path")]`
    Path(syn::Path),
}

impl SerdeAttrs {
    /// Reads what matters here; serde's own derive judges the rest.
    pub(crate) fn read(attrs: &[Attribute]) -> SerdeAttrs {
        let mut out = SerdeAttrs::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            // What serde does not understand, its own derive reports.
            let _ = attr.parse_nested_meta(|meta| {
                let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                out.more |= !matches!(word.as_str(), "rename" | "rename_all");
                match word.as_str() {
                    "rename" => out.rename = names(meta.input)?.or(out.rename.take()),
                    "rename_all" => out.rename_all = Some(meta.value()?.parse()?),
                    "default" if meta.input.peek(Token![=]) => {
                        let path: LitStr = meta.value()?.parse()?;
                        out.default = path.parse().ok().map(SerdeDefault::Path);
                    }
                    "default" => out.default = Some(SerdeDefault::Trait),
                    "skip" | "skip_deserializing" => out.skip = true,
                    "flatten" => out.flatten = Some(meta.path.segments[0].ident.span()),
                    _ => skip_value(meta.input)?,
                }
                Ok(())
            });
        }
        out
    }
}

/// `= "name"`, or the name for reading in `(serialize = "a", deserialize = "b")`.
fn names(input: ParseStream<'_>) -> syn::Result<Option<String>> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        return Ok(Some(input.parse::<LitStr>()?.value()));
    }
    let inner;
    syn::parenthesized!(inner in input);
    let mut reading = None;
    while !inner.is_empty() {
        let word: syn::Ident = inner.parse()?;
        inner.parse::<Token![=]>()?;
        let name: LitStr = inner.parse()?;
        if word == "deserialize" {
            reading = Some(name.value());
        }
        if !inner.is_empty() {
            inner.parse::<Token![,]>()?;
        }
    }
    Ok(reading)
}

fn skip_value(input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        input.parse::<Expr>()?;
    } else if input.peek(syn::token::Paren) {
        let inner;
        syn::parenthesized!(inner in input);
        inner.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}

/// A name by the rule of `rename_all`; `variant` says that it is written in upper camel case, not in snake case.
pub(crate) fn by_rule(rule: &str, name: &str, variant: bool) -> String {
    let snake = if variant {
        crate::names::snake(name)
    } else {
        name.to_owned()
    };
    let camel = |first_small: bool| {
        let mut out = String::new();
        for (i, part) in snake.split('_').enumerate() {
            let mut chars = part.chars();
            match chars.next() {
                Some(first) if i == 0 && first_small => out.push(first),
                Some(first) => out.extend(first.to_uppercase()),
                None => {}
            }
            out.push_str(chars.as_str());
        }
        out
    };
    match rule {
        "lowercase" => name.to_lowercase(),
        "UPPERCASE" => name.to_uppercase(),
        "PascalCase" => camel(false),
        "camelCase" => camel(true),
        "snake_case" => snake,
        "SCREAMING_SNAKE_CASE" => snake.to_uppercase(),
        "kebab-case" => snake.replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => snake.to_uppercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::by_rule;

    #[test]
    fn names_follow_serdes_rules() {
        let check = |rule, name, variant, expect: &str| {
            assert_eq!(by_rule(rule, name, variant), expect, "{rule} {name}");
        };
        check("camelCase", "dep_delay", false, "depDelay");
        check("PascalCase", "dep_delay", false, "DepDelay");
        check("SCREAMING_SNAKE_CASE", "dep_delay", false, "DEP_DELAY");
        check("kebab-case", "dep_delay", false, "dep-delay");
        check("UPPERCASE", "dep_delay", false, "DEP_DELAY");
        check("snake_case", "OnTime", true, "on_time");
        check("camelCase", "OnTime", true, "onTime");
        check("lowercase", "OnTime", true, "ontime");
        check("SCREAMING-KEBAB-CASE", "OnTime", true, "ON-TIME");
    }
}
