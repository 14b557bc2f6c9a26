//! The row types that `row:` of a source may name: those that the functions take or hand on.

use kis_conf::{Code, Msg, suggest};

use super::text::At;
use crate::{
    function::{FunctionInfo, HandsOn},
    row::{RowInfo, same_text},
};

/// The row type called `name` among those that the functions take or hand on.
pub const fn row_of(functions: &[&FunctionInfo], name: &str) -> Option<&'static RowInfo> {
    let mut i = 0;
    while let Some(row) = nth_row(functions, i) {
        if let Some(row) = row
            && same_text(row.shape.name, name)
        {
            return Some(row);
        }
        i += 1;
    }
    None
}

/// What is wrong when no function takes or hands on rows of the type that `row:` names.
pub const fn row_problem(functions: &[&FunctionInfo], row: &At<'_, &str>) -> Option<Msg> {
    if row_of(functions, row.value).is_some() {
        return None;
    }
    let mut names = [""; 64];
    let (mut len, mut i) = (0, 0);
    while let Some(known) = nth_row(functions, i) {
        if let Some(known) = known
            && len < names.len()
            && !contains(names.split_at(len).0, known.shape.name)
        {
            names[len] = known.shape.name;
            len += 1;
        }
        i += 1;
    }
    let names = names.split_at(len).0;
    let msg = Msg::new(Code::UnknownRow)
        .text("no function takes or hands on rows of type ")
        .text(row.value);
    let mut msg = match suggest::nearest(row.value, names) {
        Some(at) => msg.help("did you mean ").text(names[at]).text("? (known: "),
        None => msg.help("(known: "),
    };
    let mut i = 0;
    while i < names.len() {
        if i > 0 {
            msg = msg.text(", ");
        }
        msg = msg.text(names[i]);
        i += 1;
    }
    Some(msg.text(")"))
}

/// The `nth` place for a row type: each function has two, of which either may be empty. None behind the last.
const fn nth_row(functions: &[&FunctionInfo], nth: usize) -> Option<Option<&'static RowInfo>> {
    if nth / 2 >= functions.len() {
        return None;
    }
    let function = functions[nth / 2];
    Some(match (nth % 2, function.on) {
        (0, _) => function.takes.row,
        (_, HandsOn::Rows(row)) => Some(row),
        _ => None,
    })
}

const fn contains(names: &[&str], name: &str) -> bool {
    let mut i = 0;
    while i < names.len() {
        if same_text(names[i], name) {
            return true;
        }
        i += 1;
    }
    false
}
