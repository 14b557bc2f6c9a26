//! Whether the params of a connector's document are those of its kind.

use kis_conf::{CheckedConf, Given, ParamsShape, Problems, check_missing, check_param, check_params};

use super::text::{ConnText, Finder, Found};
use crate::{
    function::{FunctionInfo, Need},
    row::same_text,
};

/// The `nth` problem of the params given to a connector whose document begins at `place`, counted from 0.
pub const fn conn_problem<'a>(
    functions: &[&FunctionInfo],
    conn: &ConnText<'a>,
    place: &'a str,
    params: &'a [Given<'a>],
    nth: usize,
) -> Option<Found<'a>> {
    let Some(shape) = shape_of(functions, conn.kind) else {
        return None;
    };
    let mut finder = Finder::new(nth);
    let mut i = 0;
    while i < params.len() {
        finder = finder.offer(params[i].place, check_param(conn.name, shape, &params[i]));
        i += 1;
    }
    let mut i = 0;
    while i < shape.params.len() {
        finder = finder.offer(place, check_missing(conn.name, shape, params, i));
        i += 1;
    }
    finder.found
}

/// The same for all connectors of files that were read.
pub(super) fn check_conns(conf: &CheckedConf, functions: &[&FunctionInfo], problems: &mut Problems) {
    for conn in &conf.conns {
        if let Some(shape) = shape_of(functions, &conn.kind) {
            problems.extend(check_params(&conn.name.value, shape, &conn.params, &conn.place));
        }
    }
}

/// The params of a kind, as the functions that take such a connector know them.
const fn shape_of(functions: &[&FunctionInfo], kind: &str) -> Option<&'static ParamsShape> {
    let mut f = 0;
    while f < functions.len() {
        let needs = functions[f].needs;
        let mut i = 0;
        while i < needs.len() {
            if let Need::Conn { info } = needs[i].need
                && same_text(info.kind, kind)
            {
                return Some(info.params);
            }
            i += 1;
        }
        f += 1;
    }
    None
}
