//! A tree as YAML text.

use crate::{Data, Node, Resolved, Scalar, scalar};

/// Keys of more characters must be marked as such.
const LONG_KEY: usize = 500;

/// A document as text that reads as the same tree.
pub(super) fn emit(node: &Node) -> String {
    let mut text = String::new();
    match &node.data {
        Data::Map(entries) if !entries.is_empty() => block(node, 0, &mut text),
        Data::List(items) if !items.is_empty() => block(node, 0, &mut text),
        _ => {
            inline(node, &mut text);
            text.push('\n');
        }
    }
    text
}

/// Writes a collection that is not empty, each entry on a line of its own.
fn block(node: &Node, indent: usize, text: &mut String) {
    let mut first = true;
    let mut begin = |text: &mut String| {
        // The first entry stands behind the `- ` of the list it is in.
        if !std::mem::take(&mut first) || !text.ends_with("- ") {
            text.extend(std::iter::repeat_n(' ', indent));
        }
    };
    match &node.data {
        Data::Map(entries) => {
            for entry in entries {
                begin(text);
                let key = key(&entry.key.value);
                if key.chars().count() > LONG_KEY {
                    text.push_str("? ");
                    text.push_str(&key);
                    text.push('\n');
                    text.extend(std::iter::repeat_n(' ', indent));
                } else {
                    text.push_str(&key);
                }
                text.push(':');
                value(&entry.value, indent + 2, text);
            }
        }
        Data::List(items) => {
            for item in items {
                begin(text);
                text.push_str("- ");
                match is_block(item) {
                    true => block(item, indent + 2, text),
                    false => {
                        inline(item, text);
                        text.push('\n');
                    }
                }
            }
        }
        Data::Null | Data::Scalar(_) => {}
    }
}

/// Writes the value of a key: behind it, or as a block below it.
fn value(node: &Node, indent: usize, text: &mut String) {
    if is_block(node) {
        text.push('\n');
        block(node, indent, text);
    } else {
        text.push(' ');
        inline(node, text);
        text.push('\n');
    }
}

fn is_block(node: &Node) -> bool {
    match &node.data {
        Data::Map(entries) => !entries.is_empty(),
        Data::List(items) => !items.is_empty(),
        Data::Null | Data::Scalar(_) => false,
    }
}

fn inline(node: &Node, text: &mut String) {
    match &node.data {
        Data::Null => text.push_str("null"),
        Data::Map(_) => text.push_str("{}"),
        Data::List(_) => text.push_str("[]"),
        Data::Scalar(scalar) => text.push_str(&scalar_text(scalar)),
    }
}

fn scalar_text(scalar: &Scalar) -> String {
    if let Some(written) = &scalar.written {
        return quoted(written);
    }
    let escaped = scalar.text.replace("${", "$${");
    let plain = match (scalar.quoted, scalar::resolve(&scalar.text)) {
        (false, Resolved::Bool(_) | Resolved::Int(_) | Resolved::Float(_)) => true,
        (true, Resolved::Bool(_) | Resolved::Int(_) | Resolved::Float(_)) => false,
        (false, Resolved::Text(text)) => is_plain(text),
        // Other readers take more for a bool or a date than we do.
        (true, Resolved::Text(text)) => {
            is_plain(text) && scalar::bool(text).is_none() && !text.starts_with(|c: char| c.is_ascii_digit())
        }
    };
    if plain { escaped } else { quoted(&escaped) }
}

fn key(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Whether a text means itself without quotes, wherever it stands.
fn is_plain(text: &str) -> bool {
    let first = |c: char| c.is_alphanumeric() || c == '_' || c == '/';
    let inner = |c: char| c.is_alphanumeric() || "_-./+=@()*%~;$ :".contains(c);
    text.starts_with(first)
        && text.chars().all(inner)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains("${")
        && text.len() <= 200
        && !scalar::is_null(text)
}

/// The text in double quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if is_printed(c) => quoted.push(c),
            c => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether YAML lets a character stand in a text, and a reader sees it.
fn is_printed(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}
