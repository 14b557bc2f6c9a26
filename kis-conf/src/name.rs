//! Which names are legal: those of flows, functions, steps, connectors, sources, jobs and fields.

use crate::fields::{about, text, written_out, wrong_type};
use crate::node::show;
use crate::{Code, Node, Placed, Problem, Problems};

/// Names are parts of paths, metrics and store keys; this many bytes are enough for any language.
const LONGEST: usize = 200;

/// Why a name is not legal, if it is not. Letters of every language, digits, signs and inner spaces are.
///
/// ```
/// use kis_conf::illegal_name;
/// assert_eq!(illegal_name("订单数据_1"), None);
/// assert_eq!(illegal_name("a/b"), Some("it holds a /"));
/// ```
pub fn illegal_name(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("it is empty"),
        _ if name.len() > LONGEST => Some("it is longer than 200 bytes"),
        _ if name.trim() != name => Some("it begins or ends with a space"),
        _ if name.contains('/') => Some("it holds a /"),
        _ if name.contains('\\') => Some("it holds a \\"),
        _ if name.contains(char::is_control) => Some("it holds a control character"),
        _ => None,
    }
}

/// Reads a legal name.
pub(crate) fn read(key: &str, node: &Node, problems: &mut Problems) -> Option<Placed<String>> {
    let Some(name) = text(node) else {
        problems.push(about(key, wrong_type(node, "a name")));
        return None;
    };
    if !written_out(key, node, name.written.is_some(), problems) {
        return None;
    }
    if let Some(reason) = illegal_name(&name) {
        let message = format!("{key}: {} is not a legal name: {reason}", show(&name));
        problems.push(Problem::error(Code::IllegalName, &node.place, message).label("not a legal name"));
        return None;
    }
    Some(name)
}
