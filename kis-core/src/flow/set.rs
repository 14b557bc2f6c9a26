//! What `flows!` yields: the checked files and the functions and row types that they name.

use crate::function::FunctionInfo;

/// The flows of a program, checked while compiling: the value of `flows!`.
#[derive(Clone, Copy, Debug)]
pub struct FlowSet {
    /// The configuration folder's name, `conf`; files are named relative to its parent.
    pub root: &'static str,
    /// The files: name and text.
    pub files: &'static [(&'static str, &'static str)],
    /// The functions that the files name.
    pub functions: &'static [&'static FunctionInfo],
}

impl FlowSet {
    /// A set without files, for programs that build their flows themselves or read them when they run.
    pub const fn empty() -> FlowSet {
        FlowSet {
            root: "conf",
            files: &[],
            functions: &[],
        }
    }
}
