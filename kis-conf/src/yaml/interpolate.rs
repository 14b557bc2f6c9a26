//! `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` in a value.

use std::path::Path;
use std::sync::Arc;

use crate::node::show;
use crate::read::{ReadOptions, Values};
use crate::suggest::did_you_mean;
use crate::{Code, Place, Problem, Problems, Scalar};

/// Secrets are short; a longer file is not one.
const MAX_VALUE: u64 = 1 << 20;

/// The scalar that a text with `${..}` stands for; nothing if it has none, or one that is reported.
///
/// What is looked up is put in as it is: it is never read as YAML, and a `${` in it means nothing. `$${` is a plain `${`.
pub(super) fn interpolate(
    text: &str,
    place: &Place,
    options: &ReadOptions,
    problems: &mut Problems,
) -> Option<Scalar> {
    if !text.contains("${") {
        return None;
    }
    let mut result = String::new();
    let mut rest = text;
    let mut looked_up = false;
    while let Some(at) = rest.find("${") {
        let (before, found) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            result.push_str(before);
            result.push_str("${");
            rest = &found[2..];
            continue;
        }
        result.push_str(before);
        let Some(end) = found.find('}') else {
            problems
                .push(malformed(place, "${ is not closed").help("write ${env:NAME}, or $${ for a plain ${"));
            return None;
        };
        match reference(&found[2..end], place, options) {
            Ok(Some(value)) => result.push_str(&value),
            Ok(None) => result.push_str(&found[..=end]),
            Err(problem) => {
                problems.push(problem);
                // The text stays as it is written, so that it is not reported a second time as something else.
                return Some(later(text));
            }
        }
        looked_up = true;
        rest = &found[end + 1..];
    }
    result.push_str(rest);
    if !looked_up {
        return Some(Scalar::plain(result));
    }
    match options.values {
        Values::Defer => Some(later(text)),
        Values::Resolve | Values::Given(_) | Values::Over(_) => Some(Scalar {
            secret: true,
            written: Some(Arc::from(text)),
            ..Scalar::plain(result)
        }),
    }
}

/// A text that is not known yet.
fn later(text: &str) -> Scalar {
    Scalar {
        deferred: true,
        secret: true,
        written: Some(Arc::from(text)),
        ..Scalar::plain(text)
    }
}

/// The value of one reference; nothing if it is looked up later.
fn reference(inner: &str, place: &Place, options: &ReadOptions) -> Result<Option<String>, Problem> {
    let (kind, what) = inner.split_once(':').unwrap_or((inner, ""));
    if inner.is_empty() {
        return Err(malformed(place, "${} is empty").help("write ${env:NAME}, or $${} for a plain ${}"));
    }
    match kind {
        "env" if !what.is_empty() && !what.starts_with(":-") => env(what, place, &options.values),
        "file" if !what.is_empty() => match options.values {
            Values::Defer => Ok(None),
            Values::Resolve | Values::Given(_) | Values::Over(_) => {
                file(what, place, &options.base).map(Some)
            }
        },
        "env" | "file" => Err(malformed(place, &format!("${{{kind}:}} does not say which"))),
        _ => {
            let help = match (what, kind) {
                ("", name) => format!("write ${{env:{name}}}, or $${{ for a plain ${{"),
                _ => did_you_mean(kind, &["env", "file"]),
            };
            Err(malformed(place, &format!("${{{inner}}} is not known")).help(help))
        }
    }
}

fn env(what: &str, place: &Place, values: &Values) -> Result<Option<String>, Problem> {
    let (name, default) = match what.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (what, None),
    };
    let value = match values {
        Values::Defer => return Ok(None),
        Values::Resolve => from_system(name),
        Values::Given(values) => values.get(name).cloned(),
        Values::Over(values) => values.get(name).cloned().or_else(|| from_system(name)),
    };
    match (value, default) {
        (Some(value), None) => Ok(Some(value)),
        (Some(value), Some(_)) if !value.is_empty() => Ok(Some(value)),
        (_, Some(default)) => Ok(Some(default.to_owned())),
        (None, None) => {
            let message = format!("the environment variable {} is not set", show(name));
            let problem = Problem::error(Code::EnvNotSet, place, message).label("looked up here");
            Err(problem.help(format!("set it, or give a default: ${{env:{name}:-default}}")))
        }
    }
}

/// A name that the system cannot have is not set either.
fn from_system(name: &str) -> Option<String> {
    if name.contains(['=', '\0']) {
        None
    } else {
        std::env::var(name).ok()
    }
}

fn file(path: &str, place: &Place, base: &Path) -> Result<String, Problem> {
    let full = base.join(path);
    let read = || {
        let size = std::fs::metadata(&full).map_err(|error| error.to_string())?;
        if !size.is_file() {
            return Err("it is not a file".to_owned());
        }
        if size.len() > MAX_VALUE {
            return Err("it is larger than 1 MiB".to_owned());
        }
        std::fs::read_to_string(&full).map_err(|error| error.to_string())
    };
    match read() {
        // Editors end a file with a line break, which is not part of the value.
        Ok(text) => Ok(text.trim_end_matches(['\n', '\r']).to_owned()),
        Err(reason) => {
            let message = format!("the file {} cannot be read: {reason}", show(path));
            let problem = Problem::error(Code::ValueFileUnreadable, place, message).label("looked up here");
            Err(problem.help(format!("it is looked for at {}", full.display())))
        }
    }
}

fn malformed(place: &Place, message: &str) -> Problem {
    Problem::error(Code::UnknownWord, place, message).label("not a known ${..}")
}
