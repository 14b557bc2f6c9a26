//! What a plain scalar means: the rules of Go's yaml.v3, which KisFlow's files were written for.

use crate::node::Resolved;
use crate::unit;

/// A bool where a bool is asked for: YAML 1.1's words are understood too.
pub(crate) fn bool(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => Some(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => Some(false),
        _ => None,
    }
}

/// A whole number where one is asked for.
pub(crate) fn int(text: &str) -> Option<i64> {
    strict_int(text).or_else(|| unit::count(text).and_then(|n| i64::try_from(n).ok()))
}

/// A number where one is asked for.
pub(crate) fn float(text: &str) -> Option<f64> {
    match text.trim_start_matches(['+', '-']) {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => return Some(f64::NEG_INFINITY),
        ".inf" | ".Inf" | ".INF" => return Some(f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    if let Some(int) = strict_int(text) {
        return Some(int as f64);
    }
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-' | '_');
    let number =
        text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(digits) && !text.starts_with('_');
    number.then(|| text.replace('_', "").parse().ok()).flatten()
}

/// What a plain scalar is where any type will do.
pub(crate) fn resolve(text: &str) -> Resolved<'_> {
    match text {
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        _ => {}
    }
    match (strict_int(text), float(text)) {
        (Some(int), _) => Resolved::Int(int),
        (None, Some(float)) => Resolved::Float(float),
        (None, None) => Resolved::Text(text),
    }
}

/// A plain scalar that stands for nothing.
pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// A whole number by the rules of yaml.v3: a leading zero means octal there, as in YAML 1.1.
fn strict_int(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = digits.replace('_', "");
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        Some(two) if two.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits.as_str()),
    };
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

#[cfg(test)]
mod tests;
