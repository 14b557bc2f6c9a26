//! Which rows reach a step, and whether they have what it reads.

use kis_conf::{Code, Msg, suggest};

use super::text::FlowFacts;
use crate::{
    function::{FunctionInfo, HandsOn},
    row::{Kind, Shape},
};

/// Who gives a step its rows.
#[derive(Clone, Copy)]
pub(super) enum Giver<'a> {
    /// The step with this number.
    Step(usize, &'a Shape),
    /// A source whose document fixes the row type.
    Source(&'a str, &'a Shape),
}

/// The `nth` giver of rows of step `at`: the last step that replaced the rows, or the sources; behind a step that may
/// reuse its rows, also those before it.
pub(super) const fn giver<'a>(flow: &FlowFacts<'a>, at: usize, nth: usize) -> Option<Giver<'a>> {
    let first = if at < flow.text.own_steps {
        0
    } else {
        flow.text.own_steps
    };
    let mut skip = nth;
    let mut before = at;
    while before > first {
        before -= 1;
        let function = flow.functions[before];
        if function.is_broken() {
            return None;
        }
        match function.on {
            HandsOn::Nothing => return None,
            HandsOn::WhatCameIn => {}
            HandsOn::Rows(row) => {
                if skip == 0 {
                    return Some(Giver::Step(before, row.shape));
                }
                skip -= 1;
                if !function.reuse {
                    return None;
                }
            }
        }
    }
    if first != 0 {
        return None;
    }
    let mut source = 0;
    while source < flow.rows.len() {
        if let Some(shape) = flow.rows[source] {
            if skip == 0 {
                return Some(Giver::Source(flow.text.sources[source].name, shape));
            }
            skip -= 1;
        }
        source += 1;
    }
    None
}

/// The first field that the step reads and this giver's rows do not have, or have as another kind.
pub(super) const fn unfit(flow: &FlowFacts<'_>, at: usize, giver: Giver<'_>) -> Option<Msg> {
    let step = flow.text.steps[at].name;
    let function = flow.functions[at];
    let Some(wanted) = function.shape() else {
        return None;
    };
    let (name, given) = match giver {
        Giver::Step(before, shape) => (flow.text.steps[before].name, shape),
        Giver::Source(name, shape) => (name, shape),
    };
    if given.same(wanted) {
        return None;
    }
    let mut i = 0;
    while i < wanted.fields.len() {
        let field = &wanted.fields[i];
        match given.find(field.name) {
            None if field.default => {}
            None => {
                let msg = Msg::new(Code::FieldMissing)
                    .text(step)
                    .text(" needs field ")
                    .text(field.name)
                    .text(": ");
                let msg = kind(msg, field.kind)
                    .text(", which ")
                    .text(name)
                    .text(" does not hand on (it hands on ");
                return Some(defined(
                    nearest(msg.text(given.name), field.name, given).text(")"),
                    step,
                    function,
                ));
            }
            Some(at) if !given.fields[at].kind.fits(field.kind) => {
                let msg = Msg::new(Code::FieldKind)
                    .text(step)
                    .text(" needs field ")
                    .text(field.name)
                    .text(": ");
                let msg = kind(msg, field.kind)
                    .text(", and ")
                    .text(name)
                    .text(" hands it on as ");
                return Some(defined(kind(msg, given.fields[at].kind), step, function));
            }
            Some(_) => {}
        }
        i += 1;
    }
    None
}

/// What is wrong when a shape has no field of this name.
pub(super) const fn no_field(code: Code, what: &str, field: &str, shape: &Shape) -> Option<Msg> {
    if shape.find(field).is_some() {
        return None;
    }
    let msg = Msg::new(code)
        .text(what)
        .text(" names field ")
        .text(field)
        .text(", which ")
        .text(shape.name);
    let names = &Names::of(shape);
    let msg = msg.text(" does not have");
    Some(match suggest::nearest(field, names.slice()) {
        Some(at) => msg.help("did you mean ").text(names.slice()[at]).text("?"),
        None => known(msg.help("it has "), shape),
    })
}

/// Appends the kind as Rust writes it.
const fn kind(mut msg: Msg, mut kind: Kind) -> Msg {
    let mut depth = 0;
    loop {
        msg = msg.text(kind.word());
        match kind.inner() {
            Some(inner) => {
                msg = msg.text("<");
                kind = inner;
                depth += 1;
            }
            None => break,
        }
    }
    while depth > 0 {
        msg = msg.text(">");
        depth -= 1;
    }
    msg
}

const fn nearest(msg: Msg, field: &str, shape: &Shape) -> Msg {
    let names = Names::of(shape);
    match suggest::nearest(field, names.slice()) {
        Some(at) => msg.text(", with a field ").text(names.slice()[at]),
        None => msg,
    }
}

const fn known(mut msg: Msg, shape: &Shape) -> Msg {
    let mut i = 0;
    while i < shape.fields.len() {
        if i > 0 {
            msg = msg.text(", ");
        }
        msg = msg.text(shape.fields[i].name);
        i += 1;
    }
    msg
}

const fn defined(msg: Msg, step: &str, function: &FunctionInfo) -> Msg {
    msg.help(step).text(" is defined at ").text(function.at)
}

/// The field names of a shape, as far as suggestions look at them.
struct Names {
    names: [&'static str; 64],
    len: usize,
}

impl Names {
    const fn of(shape: &Shape) -> Names {
        let mut names = Names {
            names: [""; 64],
            len: 0,
        };
        while names.len < shape.fields.len() && names.len < names.names.len() {
            names.names[names.len] = shape.fields[names.len].name;
            names.len += 1;
        }
        names
    }

    const fn slice(&self) -> &[&'static str] {
        self.names.split_at(self.len).0
    }
}
