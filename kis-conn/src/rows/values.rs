//! Small readings of configuration values: single characters, and values as JSON.

use kis_conf::{Data, Node, Resolved};
use serde_json::Value;

/// A character that must be one byte, such as a delimiter; `\t` and `tab` stand for the tab.
pub(crate) fn one_byte(text: &str) -> Option<u8> {
    match text {
        "\\t" | "tab" => Some(b'\t'),
        _ => match text.as_bytes() {
            &[byte] if byte.is_ascii() && byte != b'\n' && byte != b'\r' => Some(byte),
            _ => None,
        },
    }
}

/// A configuration value as JSON, by the rules of YAML 1.2.
pub(crate) fn json_of_node(node: &Node) -> Value {
    match &node.data {
        Data::Null => Value::Null,
        Data::Scalar(scalar) => match scalar.resolve() {
            Resolved::Bool(bool) => Value::Bool(bool),
            Resolved::Int(int) => Value::from(int),
            Resolved::Float(float) => Value::from(float),
            Resolved::Text(text) => Value::from(text),
        },
        Data::List(items) => items.iter().map(json_of_node).collect(),
        Data::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.value.clone(), json_of_node(&entry.value)))
            .collect(),
    }
}
