//! Whether the errors that `by_variant` names are errors that a step can fail with.

use kis_conf::{Code, Msg, suggest};
use kis_conn::ErrorClass;

use super::text::FlowFacts;
use crate::{error::code, row::same_text};

/// What is wrong with a name of `by_variant` at step `at`.
pub(super) const fn step_variant(flow: &FlowFacts<'_>, at: usize, name: &str) -> Option<Msg> {
    let Some(known) = unknown(flow, at, at + 1, name) else {
        return None;
    };
    let msg = begin(name)
        .text(", and ")
        .text(flow.text.steps[at].name)
        .text(" fails with no such error");
    if known.len > 0 {
        return Some(known.help(msg, name));
    }
    let msg = msg.help("let it return an error with #[derive(KisError)] at ");
    Some(msg.text(flow.functions[at].at))
}

/// What is wrong with a name of `by_variant` at the flow, which holds for all steps.
pub(super) const fn flow_variant(flow: &FlowFacts<'_>, name: &str) -> Option<Msg> {
    let Some(known) = unknown(flow, 0, flow.functions.len(), name) else {
        return None;
    };
    let msg = begin(name)
        .text(", and no step of flow ")
        .text(flow.text.name.value)
        .text(" fails with such an error");
    if known.len > 0 {
        return Some(known.help(msg, name));
    }
    Some(msg.help("let a step's function return an error with #[derive(KisError)]"))
}

const fn begin(name: &str) -> Msg {
    Msg::new(Code::UnknownVariant)
        .text("by_variant names ")
        .text(name)
}

/// The errors of the steps from `first` to before `end` if none of them is called `name`; nothing where a step may
/// fail with any code.
const fn unknown(flow: &FlowFacts<'_>, first: usize, end: usize, name: &str) -> Option<Known> {
    let name = last_segment(name);
    if is_of_any_step(name) {
        return None;
    }
    let mut known = Known {
        names: [""; 64],
        len: 0,
    };
    let mut at = first;
    while at < end {
        let Some(variants) = flow.functions[at].variants else {
            return None;
        };
        let mut i = 0;
        while i < variants.len() {
            let (variant, code) = variants[i];
            if same_text(name, variant) || same_text(name, code) {
                return None;
            }
            known = known.with(variant);
            i += 1;
        }
        at += 1;
    }
    Some(known)
}

/// Whether the flow itself gives rows of any step such an error.
const fn is_of_any_step(name: &str) -> bool {
    let mut i = 0;
    while i < ErrorClass::ALL.len() {
        if same_text(name, ErrorClass::ALL[i].as_str()) {
            return true;
        }
        i += 1;
    }
    let mut i = 0;
    while i < code::ALL.len() {
        if same_text(name, code::ALL[i]) {
            return true;
        }
        i += 1;
    }
    false
}

/// `NoStock` of `OrderError::NoStock`.
const fn last_segment(name: &str) -> &str {
    let bytes = name.as_bytes();
    let mut at = bytes.len();
    while at >= 2 {
        if bytes[at - 1] == b':' && bytes[at - 2] == b':' {
            return name.split_at(at).1;
        }
        at -= 1;
    }
    name
}

/// The names of variants, each once, as far as suggestions look at them.
struct Known {
    names: [&'static str; 64],
    len: usize,
}

impl Known {
    const fn with(mut self, name: &'static str) -> Known {
        let mut i = 0;
        while i < self.len {
            if same_text(self.names[i], name) {
                return self;
            }
            i += 1;
        }
        if self.len < self.names.len() {
            self.names[self.len] = name;
            self.len += 1;
        }
        self
    }

    const fn help(&self, msg: Msg, name: &str) -> Msg {
        let names = self.names.split_at(self.len).0;
        let (mut msg, end) = match suggest::nearest(last_segment(name), names) {
            Some(near) => (
                msg.help("did you mean ").text(names[near]).text("? (known: "),
                ")",
            ),
            None => (msg.help("known: "), ""),
        };
        let mut i = 0;
        while i < names.len() {
            if i > 0 {
                msg = msg.text(", ");
            }
            msg = msg.text(names[i]);
            i += 1;
        }
        msg.text(end)
    }
}
