//! The macros of KIS flow. Use them through `kis_core`, which re-exports them.
//!
//! With `KIS_MACROS_DEBUG=1` in the environment each expansion is printed to the standard error of the compiler.

mod connector;
mod diag;
mod driver;
mod field_value;
mod flows;
mod item_fn;
mod kis_error;
mod kis_function;
mod names;
mod params;
mod path;
mod row;
mod serde_attrs;
mod state;
mod twin;
mod words;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes a plain function a step of flows.
///
/// ```
/// # use kis_core::prelude::*;
/// # #[derive(Row)] pub struct StuScore { stu_id: i64 }
/// /// Keeps only students of this school.
/// #[kis_function(mode = "Verify")]
/// pub fn verify_stu(row: &StuScore) -> bool { (0..=999).contains(&row.stu_id) }
///
/// assert!(verify_stu(&StuScore { stu_id: 101 }));
/// ```
///
/// The function stays as it is: it can be called and tested without the framework.
///
/// # Words
/// * `mode = "Verify"`: what the function does: `Verify`, `Load`, `Calculate`, `Save` or `Expand`. Required.
/// * `conn = "Name"`: the connector that `Conn<C>` arguments stand for; `conn(cache = "A", db = "B")` says it by the
///   argument's name. A flow's `cname` may name another of the same kind. Embedded tables need no document.
/// * `name = "AvgStuScore"`: the name that YAML uses, if it is not the function's. The name becomes a type alias
///   beside the function, so it must differ from the names of types in the same module.
/// * `key = "field"`: the field of the row by whose value state is kept.
/// * `jumps(f, g)`, `reuse`: the actions that the function may return.
/// * `concurrent = 32`: so many rows at once, for an async function that takes one row.
/// * `blocking`: runs on a thread for blocking or long work.
/// * `crate = path`: where `kis_core` is, if not there.
///
/// # Signature
/// The first argument is the row or the batch: `&T` or `T`, `&[T]` or `Vec<T>`, or `&Rows` for any type. Then come any
/// number of `A` or `&A` whose type implements `FromContext`, and state as `&mut S` (one row) or `&mut Keyed<S>` (a
/// batch). One row may become `()`, `bool`, `T`, `Option<T>`, `Vec<T>`; a batch `()`, `Vec<T>`, `Outcome<T>`; each also
/// in a `Result`.
#[proc_macro_attribute]
pub fn kis_function(args: TokenStream, item: TokenStream) -> TokenStream {
    driver::attribute("kis_function", args, item, kis_function::expand)
}

/// Makes a struct a row: a record that travels through flows.
///
/// It also gives serde's `Serialize` and `Deserialize`, and `#[serde(..)]` attributes work.
///
/// * `#[row(own_serde)]` on the struct: it brings its own `Serialize` and `Deserialize`.
/// * `#[row(rename = "name")]` on a field: its name on the wire.
/// * `#[row(default)]`: the field may be missing and is then its type's default.
/// * `#[row(json)]`: a field of any type that serde can read and write and that is `Clone`.
/// * `#[row(crate = path)]` on the struct: where `kis_core` is, if not there.
#[proc_macro_derive(Row, attributes(row, serde))]
pub fn derive_row(item: TokenStream) -> TokenStream {
    driver::derive("Row", item, row::expand)
}

/// Makes an enum of words, or a struct around one value, a field of rows.
#[proc_macro_derive(FieldValue, attributes(row, serde))]
pub fn derive_field_value(item: TokenStream) -> TokenStream {
    driver::derive("FieldValue", item, field_value::expand)
}

/// Makes a struct the params of a function or a connector.
///
/// A field must be given unless it is an `Option` or has a default. The doc comment of a field explains it to people.
///
/// * `#[param(default = 10)]`: taken when it is not given.
/// * `#[param(min = 1, max = 1000)]`: the bounds of a number, both included.
/// * `#[param(rename = "name")]`: its name in YAML.
/// * `#[params(crate = path)]` on the struct: where `kis_core` is, if not there.
///
/// An enum without fields becomes a choice of words.
#[proc_macro_derive(Params, attributes(param, params))]
pub fn derive_params(item: TokenStream) -> TokenStream {
    driver::derive("Params", item, params::expand)
}

/// Gives an enum of errors its classes: what the flow does with a row that fails so.
///
/// * `#[kis(retry)]`, `#[kis(reject)]`, `#[kis(unavailable)]` or `#[kis(fatal)]` on each variant; on the enum for all.
/// * `#[kis(reject, "no account {0}")]`: with a text, `Display` and `Error` are derived too; fields are `{0}` or `{name}`.
/// * `#[kis(source)]`, `#[kis(from)]` on a field: the error's cause; `from` also converts from it.
/// * `#[kis(crate = path)]` on the enum: where `kis_core` is, if not there.
#[proc_macro_derive(KisError, attributes(kis))]
pub fn derive_kis_error(item: TokenStream) -> TokenStream {
    driver::derive("KisError", item, kis_error::expand)
}

/// Makes a type the state of a function, kept by key.
///
/// * `#[state(ttl = "30d")]`: how long a value is kept after it was last written. Required.
/// * `#[state(version = 2)]`: raise it when the fields change their meaning.
/// * `#[state(own_serde)]`: it brings its own `Serialize` and `Deserialize`.
/// * `#[state(crate = path)]`: where `kis_core` is, if not there.
#[proc_macro_derive(State, attributes(state, serde))]
pub fn derive_state(item: TokenStream) -> TokenStream {
    driver::derive("State", item, state::expand)
}

/// Registers a connector kind. It stands on `impl Connector for X`.
#[proc_macro_attribute]
pub fn connector(args: TokenStream, item: TokenStream) -> TokenStream {
    driver::attribute("connector", args, item, connector::expand)
}

/// Reads a folder of YAML while compiling, checks it against the functions, and embeds it.
///
/// ```text
/// pub const FLOWS: FlowSet = flows!("conf/", functions = crate::functions);
/// ```
///
/// The folder is relative to the package. Functions may stand in several modules: `functions = [crate::functions,
/// other::functions]`. Every mistake is reported with its place in the YAML.
///
/// Cargo sees changes of the files that are there; for new files, add a `build.rs` that prints
/// `cargo::rerun-if-changed=conf`.
#[proc_macro]
pub fn flows(input: TokenStream) -> TokenStream {
    driver::function("flows", input, flows::expand)
}
