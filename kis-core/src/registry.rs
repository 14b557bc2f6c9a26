//! The index of every function that is linked into the program.

use crate::function::FunctionInfo;

/// A function put into the index by its attribute.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registered(pub &'static FunctionInfo);

inventory::collect!(Registered);

/// All linked functions, sorted by name and then by place.
pub fn functions() -> Vec<&'static FunctionInfo> {
    let mut all: Vec<_> = inventory::iter::<Registered>().map(|r| r.0).collect();
    all.sort_by_key(|info| (info.name, info.at));
    all
}
