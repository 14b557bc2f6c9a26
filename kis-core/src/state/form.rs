//! The form of a stored value as a tree, and its text.

use std::{collections::BTreeMap, fmt};

/// What a type reads, as serde sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// A single value.
    Leaf(&'static str),
    /// An `Option` of it.
    Option(Box<Form>),
    /// Any number of it.
    Seq(Box<Form>),
    /// Keys and values.
    Map(Box<Form>, Box<Form>),
    /// One after the other.
    Tuple(Vec<Form>),
    /// Fields by name.
    Struct(Vec<(&'static str, Form)>),
    /// One of these.
    Enum(Vec<(&'static str, Form)>),
    /// A type that this value is itself inside of.
    Again(&'static str),
}

impl Form {
    /// One line for each value: structs in structs are taken apart, everything else is one value.
    pub(super) fn lines(&self, path: &str, to: &mut BTreeMap<String, String>) {
        match self {
            Form::Struct(fields) if !fields.is_empty() => {
                for (name, field) in fields {
                    let path = if path.is_empty() {
                        (*name).to_owned()
                    } else {
                        format!("{path}.{name}")
                    };
                    field.lines(&path, to);
                }
            }
            _ => {
                let path = if path.is_empty() { "it" } else { path };
                to.insert(path.to_owned(), self.to_string());
            }
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Form::Leaf(text) => f.write_str(text),
            Form::Option(inner) => write!(f, "Option<{inner}>"),
            Form::Seq(inner) => write!(f, "Vec<{inner}>"),
            Form::Map(key, value) => write!(f, "Map<{key}, {value}>"),
            Form::Tuple(parts) => {
                f.write_str("(")?;
                separated(f, parts.iter())?;
                f.write_str(")")
            }
            Form::Struct(fields) => {
                f.write_str("{ ")?;
                separated(f, fields.iter().map(|(name, form)| format!("{name}: {form}")))?;
                f.write_str(" }")
            }
            Form::Enum(variants) => separated_by(
                f,
                " | ",
                variants.iter().map(|(name, form)| match form {
                    Form::Leaf(UNIT) => (*name).to_owned(),
                    Form::Struct(_) => format!("{name} {form}"),
                    Form::Tuple(_) => format!("{name}{form}"),
                    _ => format!("{name}({form})"),
                }),
            ),
            Form::Again(name) => f.write_str(name),
        }
    }
}

/// The text of a value that holds nothing.
pub(super) const UNIT: &str = "()";

fn separated(f: &mut fmt::Formatter<'_>, parts: impl Iterator<Item = impl fmt::Display>) -> fmt::Result {
    separated_by(f, ", ", parts)
}

fn separated_by(
    f: &mut fmt::Formatter<'_>,
    by: &str,
    parts: impl Iterator<Item = impl fmt::Display>,
) -> fmt::Result {
    for (i, part) in parts.enumerate() {
        if i > 0 {
            f.write_str(by)?;
        }
        write!(f, "{part}")?;
    }
    Ok(())
}
