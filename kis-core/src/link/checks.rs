//! The checks of one step and of one source.

use kis_conf::{Code, Mode, Msg, check_missing, check_param};

use super::{
    fields::{giver, no_field, unfit},
    rows::row_problem,
    text::{ConnText, Finder, FlowFacts, Found, StepText},
    variants::step_variant,
};
use crate::{
    function::{FunctionInfo, HandsOn, Need},
    row::same_text,
};

/// The `nth` problem of step `at`, counted from 0.
pub const fn step_problem<'a>(flow: &FlowFacts<'a>, at: usize, nth: usize) -> Option<Found<'a>> {
    let step = &flow.text.steps[at];
    let function = flow.functions[at];
    let mut finder = Finder::new(nth);
    if function.is_unknown() {
        let msg = Msg::new(Code::UnknownFunction)
            .text("unknown function ")
            .text(step.fname.value)
            .help(function.doc);
        return finder.offer(step.fname.place, Some(msg)).found;
    }
    if function.is_broken() {
        return None;
    }
    if let Some(mode) = &step.mode {
        finder = finder.offer(mode.place, mode_differs(step, function, mode.value));
    }
    let mut i = 0;
    while i < function.needs.len() {
        if let Need::Conn { info } = function.needs[i].need {
            let place = match &step.conn {
                Some(conn) => conn.place,
                None => step.place,
            };
            finder = finder.offer(
                place,
                conn_unfit(flow, step, function, function.needs[i].arg, info.kind),
            );
        }
        i += 1;
    }
    finder = finder.offer(step.place, never_runs(flow, at));
    let mut i = 0;
    while let Some(giver) = giver(flow, at, i) {
        finder = finder.offer(step.place, unfit(flow, at, giver));
        i += 1;
    }
    if let Some(shape) = function.shape() {
        let mut i = 0;
        while i < step.must.len() {
            let must = &step.must[i];
            finder = finder.offer(must.place, no_field(Code::MustField, "must", must.value, shape));
            i += 1;
        }
    }
    finder = params(finder, step, function);
    let mut i = 0;
    while i < step.variants.len() {
        let name = &step.variants[i];
        finder = finder.offer(name.place, step_variant(flow, at, name.value));
        i += 1;
    }
    finder.found
}

/// The `nth` problem of source `at`, counted from 0.
pub const fn source_problem<'a>(flow: &FlowFacts<'a>, at: usize, nth: usize) -> Option<Found<'a>> {
    let source = &flow.text.sources[at];
    let shape = match flow.rows[at] {
        Some(shape) => Some(shape),
        None => first_shape(flow),
    };
    let mut finder = Finder::new(nth);
    if let Some(row) = &source.row {
        finder = finder.offer(row.place, row_problem(flow.all_functions, row));
    }
    let Some(shape) = shape else { return finder.found };
    if let Some(field) = &source.order_by {
        finder = finder.offer(
            field.place,
            no_field(Code::OrderField, "order.by", field.value, shape),
        );
    }
    if let Some(field) = &source.event_time {
        finder = finder.offer(
            field.place,
            no_field(Code::OrderField, "event_time", field.value, shape),
        );
    }
    finder.found
}

/// The connector that a step uses for the argument `arg`: the step's or func document's if the function has one
/// connector only, else the attribute's, else the embedded table `default`.
pub const fn conn_of<'a>(
    step: Option<&'a str>,
    function: &FunctionInfo,
    arg: &str,
    kind: &str,
) -> Option<&'a str> {
    let mut conns = 0;
    let mut i = 0;
    while i < function.needs.len() {
        if matches!(function.needs[i].need, Need::Conn { .. }) {
            conns += 1;
        }
        i += 1;
    }
    if let Some(name) = step
        && conns == 1
    {
        return Some(name);
    }
    let mut i = 0;
    while i < function.conns.len() {
        let (of, name) = function.conns[i];
        if of.is_empty() || same_text(of, arg) {
            return Some(name);
        }
        i += 1;
    }
    if same_text(kind, "table") {
        Some("default")
    } else {
        None
    }
}

/// The kind of the connector with this name, if a document declares it.
pub(super) const fn declared<'a>(conns: &[ConnText<'a>], name: &str) -> Option<&'a str> {
    let mut i = 0;
    while i < conns.len() {
        if same_text(conns[i].name, name) {
            return Some(conns[i].kind);
        }
        i += 1;
    }
    None
}

/// The row type of the first step that says one.
const fn first_shape<'a>(flow: &FlowFacts<'a>) -> Option<&'a crate::row::Shape> {
    let mut i = 0;
    while i < flow.text.own_steps {
        if let Some(shape) = flow.functions[i].shape() {
            return Some(shape);
        }
        if !matches!(flow.functions[i].on, HandsOn::WhatCameIn) {
            return None;
        }
        i += 1;
    }
    None
}

const fn mode_differs(step: &StepText<'_>, function: &FunctionInfo, says: Mode) -> Option<Msg> {
    if same_text(says.as_str(), function.mode.as_str()) {
        return None;
    }
    let msg = Msg::new(Code::ModeDiffers)
        .text(step.name)
        .text(" is ")
        .text(function.mode.as_str());
    let msg = msg
        .text(", and the file says ")
        .text(says.as_str())
        .help("write fmode: ")
        .text(function.mode.as_str());
    Some(msg.text(", or change the attribute at ").text(function.at))
}

const fn conn_unfit(
    flow: &FlowFacts<'_>,
    step: &StepText<'_>,
    function: &FunctionInfo,
    arg: &str,
    kind: &str,
) -> Option<Msg> {
    let given = match &step.conn {
        Some(conn) => Some(conn.value),
        None => None,
    };
    let Some(name) = conn_of(given, function, arg, kind) else {
        let msg = Msg::new(Code::ConnMissing)
            .text(step.name)
            .text(" needs a connector of kind ")
            .text(kind);
        let msg = msg
            .text(" for its argument ")
            .text(arg)
            .text(", and none is named");
        return Some(
            msg.help("say conn = \"NAME\" in its attribute at ")
                .text(function.at)
                .text(", or cname: NAME at the step"),
        );
    };
    match declared(flow.conns, name) {
        None if same_text(kind, "table") => None,
        None => {
            let msg = Msg::new(Code::ConnMissing)
                .text("connector ")
                .text(name)
                .text(" of ")
                .text(step.name);
            let msg = msg
                .text(" is not declared")
                .help("add a document with kistype: conn, cname: ")
                .text(name);
            Some(msg.text(", type: ").text(kind))
        }
        Some(declared) if same_text(declared, kind) => None,
        Some(declared) => {
            let msg = Msg::new(Code::ConnKind)
                .text(step.name)
                .text(" takes a connector of kind ")
                .text(kind);
            let msg = msg.text(", and ").text(name).text(" is of kind ").text(declared);
            Some(
                msg.help("name another connector, or change the argument ")
                    .text(arg)
                    .text(" at ")
                    .text(function.at),
            )
        }
    }
}

/// A step behind one that hands on nothing never sees a row.
const fn never_runs(flow: &FlowFacts<'_>, at: usize) -> Option<Msg> {
    if at == 0 || at == flow.text.own_steps || !matches!(flow.functions[at - 1].on, HandsOn::Nothing) {
        return None;
    }
    let before = flow.text.steps[at - 1].name;
    let msg = Msg::new(Code::NothingHandedOn)
        .text(before)
        .text(" takes its rows and hands on none, so ");
    let msg = msg
        .text(flow.text.steps[at].name)
        .text(" would never run")
        .help("let ")
        .text(before);
    Some(
        msg.text(" borrow its rows (&T or &[T]) at ")
            .text(flow.functions[at - 1].at)
            .text(", or move it to the end"),
    )
}

const fn params<'a>(mut finder: Finder<'a>, step: &StepText<'a>, function: &FunctionInfo) -> Finder<'a> {
    let Some(shape) = function.params() else {
        let mut i = 0;
        while i < step.params.len() {
            let given = &step.params[i];
            let msg = Msg::new(Code::UnknownParam)
                .text(step.name)
                .text(" takes no params, and ")
                .text(given.key);
            let msg = msg
                .text(" is given")
                .help("remove it, or take `params: &Params<P>` at ")
                .text(function.at);
            finder = finder.offer(given.place, Some(msg));
            i += 1;
        }
        return finder;
    };
    let mut i = 0;
    while i < step.params.len() {
        finder = finder.offer(
            step.params[i].place,
            check_param(step.name, shape, &step.params[i]),
        );
        i += 1;
    }
    let mut i = 0;
    while i < shape.params.len() {
        finder = finder.offer(step.place, check_missing(step.name, shape, step.params, i));
        i += 1;
    }
    finder
}
