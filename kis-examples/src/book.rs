//! The pages of the book in `docs` that have Rust and are no programs: it is compiled and run as doc tests.

macro_rules! pages {
    ($($name:ident: $path:literal,)*) => {
        $(
            #[doc = include_str!(concat!("../../docs/src/", $path))]
            mod $name {}
        )*
    };
}

pages! {
    action: "action.md",
    connector: "connector.md",
    failure: "failure.md",
    function: "function.md",
    kisflow: "kisflow.md",
    program: "program.md",
    row: "row.md",
    state: "state.md",
}
