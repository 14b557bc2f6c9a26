//! Three expansions as a reviewer reads them. They shall stay small: logic belongs into library code.

use quote::quote;

fn check(name: &str, tokens: &proc_macro2::TokenStream) {
    let file: syn::File = syn::parse2(tokens.clone()).expect("an expansion is a list of items");
    insta::assert_snapshot!(name, prettyplease::unparse(&file));
}

#[test]
fn a_row_function() {
    let item = quote! {
        /// Keeps only students of this school.
        #[must_use]
        pub fn verify_stu(row: &StuScore, limit: &Params<Limit>) -> Result<bool> {
            Ok(row.score <= limit.most)
        }
    };
    check(
        "row_function",
        &crate::kis_function::expand(quote!(mode = "Verify", name = "VerifyStu"), item),
    );
}

#[test]
fn an_async_batch_function_with_state() {
    let item = quote! {
        async fn sum(rows: &[Score], sums: &mut Keyed<Sum>, table: &Conn<Table>) -> Outcome<Total> {}
    };
    check(
        "batch_function",
        &crate::kis_function::expand(
            quote!(mode = "Save", conn(table = "sums"), jumps(f), key = "id"),
            item,
        ),
    );
}

#[test]
fn a_row() {
    let item = quote! {
        pub struct Score {
            pub id: i64,
            #[row(rename = "name", default)]
            pub first_name: Option<String>,
        }
    };
    check("row", &crate::row::expand(item));
}

#[test]
fn a_set_of_flows() {
    let set = crate::flows::expand(quote!("tests/it/conf/", functions = crate::functions));
    check("flows", &quote!(const FLOWS: FlowSet = #set;));
}
