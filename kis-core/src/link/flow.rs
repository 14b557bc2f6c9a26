//! The checks of a flow as a whole: its jumps, the errors it names, and the tables it loads from.

use kis_conf::{Code, Mode, Msg, suggest};

use super::{
    checks::{conn_of, declared},
    fields::{Giver, unfit},
    text::{Finder, FlowFacts, Found},
    variants::flow_variant,
};
use crate::{
    function::{HandsOn, Need},
    row::same_text,
};

/// The `nth` problem of the jumps and of `by_variant` of a flow, counted from 0.
pub const fn flow_problem<'a>(flow: &FlowFacts<'a>, nth: usize) -> Option<Found<'a>> {
    let mut finder = Finder::new(nth);
    let mut at = 0;
    while at < flow.text.steps.len() {
        let mut i = 0;
        while i < flow.functions[at].jumps.len() {
            let place = flow.text.steps[at].place;
            finder = finder.offer(place, jump(flow, at, flow.functions[at].jumps[i]));
            i += 1;
        }
        at += 1;
    }
    let mut i = 0;
    while i < flow.text.variants.len() {
        let name = &flow.text.variants[i];
        finder = finder.offer(name.place, flow_variant(flow, name.value));
        i += 1;
    }
    finder.found
}

/// A Load from an embedded table that no document declares and no step of any flow saves to.
pub const fn table_problem<'a>(all: &[FlowFacts<'a>], flow: usize, at: usize) -> Option<Found<'a>> {
    let facts = &all[flow];
    let function = facts.functions[at];
    if !matches!(function.mode, Mode::Load) {
        return None;
    }
    let mut i = 0;
    while i < function.needs.len() {
        if let Need::Conn { info } = function.needs[i].need
            && same_text(info.kind, "table")
            && let Some(name) = name_of(facts, at, function.needs[i].arg)
            && declared(facts.conns, name).is_none()
            && !is_saved(all, name)
        {
            let step = &facts.text.steps[at];
            let msg = Msg::new(Code::TableNeverSaved)
                .text(step.name)
                .text(" loads from the embedded table ")
                .text(name);
            let msg = msg.text(", which no flow saves to");
            let msg = match nearest_saved(all, name) {
                Some(near) => msg.help("did you mean ").text(near).text("?"),
                None => {
                    msg.help("name the table that a Save step writes, or declare a connector of this name")
                }
            };
            return Some(Found {
                place: step.place,
                msg,
            });
        }
        i += 1;
    }
    None
}

const fn jump(flow: &FlowFacts<'_>, at: usize, to: &str) -> Option<Msg> {
    let own = at < flow.text.own_steps;
    let step = flow.text.steps[at].name;
    let mut target = if own { 0 } else { flow.text.own_steps };
    let end = if own {
        flow.text.own_steps
    } else {
        flow.text.steps.len()
    };
    while target < end {
        if same_text(flow.functions[target].name, to) || same_text(flow.text.steps[target].name, to) {
            break;
        }
        target += 1;
    }
    if target == end {
        let msg = Msg::new(Code::JumpTarget)
            .text(step)
            .text(" may jump to ")
            .text(to)
            .text(", which is no step of flow ");
        let msg = msg
            .text(flow.text.name.value)
            .help("add the step, or remove it from jumps(..) at ");
        return Some(msg.text(flow.functions[at].at));
    }
    if target <= at {
        if flow.text.bounded_jumps {
            return None;
        }
        let msg = Msg::new(Code::JumpCycle)
            .text(step)
            .text(" may jump back to ")
            .text(to);
        let msg = msg
            .text(", and flow ")
            .text(flow.text.name.value)
            .text(" allows no jump");
        let msg = msg.help("say max_jumps: N there, which bounds how often a run may go round");
        return Some(msg);
    }
    match flow.functions[at].on {
        HandsOn::Rows(row) => unfit(flow, target, Giver::Step(at, row.shape)),
        HandsOn::WhatCameIn | HandsOn::Nothing => None,
    }
}

const fn name_of<'a>(flow: &FlowFacts<'a>, at: usize, arg: &str) -> Option<&'a str> {
    let given = match &flow.text.steps[at].conn {
        Some(conn) => Some(conn.value),
        None => None,
    };
    conn_of(given, flow.functions[at], arg, "table")
}

/// The name of the table that a step saves to, by the number of its argument.
const fn saved<'a>(flow: &FlowFacts<'a>, at: usize, need: usize) -> Option<&'a str> {
    let function = flow.functions[at];
    if !matches!(function.mode, Mode::Save | Mode::Expand) {
        return None;
    }
    match function.needs[need].need {
        Need::Conn { info } if same_text(info.kind, "table") => name_of(flow, at, function.needs[need].arg),
        _ => None,
    }
}

const fn is_saved(all: &[FlowFacts<'_>], name: &str) -> bool {
    let mut i = 0;
    while let Some(table) = nth_saved(all, i) {
        if same_text(table, name) {
            return true;
        }
        i += 1;
    }
    false
}

const fn nearest_saved<'a>(all: &[FlowFacts<'a>], name: &str) -> Option<&'a str> {
    let mut i = 0;
    while let Some(table) = nth_saved(all, i) {
        if suggest::nearest(name, &[table]).is_some() {
            return Some(table);
        }
        i += 1;
    }
    None
}

/// The `nth` table that any step saves to.
const fn nth_saved<'a>(all: &[FlowFacts<'a>], nth: usize) -> Option<&'a str> {
    let mut skip = nth;
    let mut flow = 0;
    while flow < all.len() {
        let mut at = 0;
        while at < all[flow].functions.len() {
            let mut need = 0;
            while need < all[flow].functions[at].needs.len() {
                if let Some(table) = saved(&all[flow], at, need) {
                    if skip == 0 {
                        return Some(table);
                    }
                    skip -= 1;
                }
                need += 1;
            }
            at += 1;
        }
        flow += 1;
    }
    None
}
