//! `flows!`: reads the folder, judges it as the loader does, and lets the compiler answer what only it can.

mod expand;
pub(crate) mod facts;
mod input;
mod known;
mod read;

use proc_macro2::TokenStream;

use crate::{diag::Diag, path::Krate};

pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let Some(input) = input::Input::read(tokens, &mut diag) else {
        return nothing(&diag.tokens(), &Krate::usual());
    };
    let Some(folder) = read::Folder::find(&input.folder, &mut diag) else {
        return nothing(&diag.tokens(), &input.krate);
    };
    match folder.read() {
        Ok(conf) => {
            let errors = diag.tokens();
            let set = expand::expand(&input, &folder, &conf);
            quote::quote!({ #errors #set })
        }
        Err(problems) => {
            problems
                .into_iter()
                .for_each(|problem| diag.error(&input.folder, read::say(&problem, &folder)));
            // The files stay known to the compiler, so that mending one builds again.
            let watch = folder.watch();
            let set = nothing(&diag.tokens(), &input.krate);
            quote::quote!({ #watch #set })
        }
    }
}

/// The errors, and a set without flows, so that the rest of the program is still judged.
fn nothing(errors: &TokenStream, krate: &Krate) -> TokenStream {
    let private = krate.private();
    quote::quote!({ #errors #private::FlowSet::empty() })
}
