//! Runs one expansion: from the compiler's tokens to tokens, with an optional look at the result.

use proc_macro2::TokenStream;

/// Expands an attribute: its arguments and the item as they were written.
pub(crate) fn attribute(
    name: &str,
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
    expand: fn(TokenStream, TokenStream) -> TokenStream,
) -> proc_macro::TokenStream {
    show(name, expand(args.into(), item.into()))
}

/// Expands a derive.
pub(crate) fn derive(
    name: &str,
    item: proc_macro::TokenStream,
    expand: fn(TokenStream) -> TokenStream,
) -> proc_macro::TokenStream {
    show(name, expand(item.into()))
}

/// Expands a macro that is called like a function.
pub(crate) fn function(
    name: &str,
    input: proc_macro::TokenStream,
    expand: fn(TokenStream) -> TokenStream,
) -> proc_macro::TokenStream {
    show(name, expand(input.into()))
}

fn show(name: &str, tokens: TokenStream) -> proc_macro::TokenStream {
    if std::env::var_os("KIS_MACROS_DEBUG").is_some_and(|on| on == "1") {
        #[expect(
            clippy::print_stderr,
            reason = "printing the expansion is what KIS_MACROS_DEBUG asks for"
        )]
        {
            eprintln!("// expansion of {name}\n{tokens}\n");
        }
    }
    tokens.into()
}
