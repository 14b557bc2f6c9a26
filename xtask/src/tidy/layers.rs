//! Inside kis-core no module uses one above it.

use super::rust::{code_only, line_of, without_tests};
use super::tree::TextFile;
use super::{Findings, Workspace};

/// From the lowest to the highest; a module may use those before it.
const LAYERS: &[&str] = &[
    "error", "row", "state", "function", "link", "registry", "flow", "graph", "observe", "engine", "program",
    "admin", "cli", "app",
];

/// They only gather names for users and for generated code, so they may name everything, and nothing names them.
const FACADE: &[&str] = &["lib", "prelude", "private", "__private", "testing"];

const SRC: &str = "kis-core/src/";

pub(super) fn point_down(workspace: &Workspace, findings: &mut Findings) {
    for file in workspace
        .tree
        .rust()
        .filter(|file| file.path.starts_with(SRC) && !file.is_test())
    {
        check_file(file, findings);
    }
}

fn check_file(file: &TextFile, findings: &mut Findings) {
    let place = module_path(&file.path);
    let module = place.first().copied().unwrap_or("lib");
    if FACADE.contains(&module) {
        return;
    }
    let Some(layer) = layer_of(module) else {
        let message = format!("module {module} has no layer; name it in LAYERS of xtask/src/tidy/layers.rs");
        findings.push(&file.path, 1, message);
        return;
    };
    let code = code_only(&file.text);
    let code = without_tests(&code);
    for (at, used) in root_names(code, place.len()) {
        let fault = match layer_of(used) {
            Some(other) if other > layer => {
                format!(
                    "{module} uses {used}, which is above it; the layers are {}",
                    LAYERS.join(" <- ")
                )
            }
            Some(_) => continue,
            None if used == module => continue,
            None => format!("crate::{used} names no layer; use the module that defines it"),
        };
        findings.push(&file.path, line_of(code, at), fault);
    }
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == module)
}

/// `kis-core/src/row/batch.rs` -> `[row, batch]`; `kis-core/src/lib.rs` -> `[]`.
fn module_path(path: &str) -> Vec<&str> {
    let inner = path.strip_prefix(SRC).unwrap_or(path);
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    if inner == "lib" {
        Vec::new()
    } else {
        inner.split('/').collect()
    }
}

/// Every name directly below the crate root that `code`, in a module `depth` levels deep, mentions.
fn root_names(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let climb = "super::".repeat(depth);
    let mut names = Vec::new();
    for prefix in ["crate::", climb.as_str()] {
        let starts = code.match_indices(prefix).filter(|(at, _)| {
            let before = code[..*at].trim_end_matches("super::");
            // `$crate` is the macro's own, `self::super::` and `a::super::` do not begin at the root.
            !before.ends_with(|c: char| c == '_' || c == '$' || c == ':' || c.is_alphanumeric())
        });
        for (at, _) in starts {
            let from = at + prefix.len();
            if code[from..].starts_with("super::") {
                continue;
            }
            names.extend(first_names(&code[from..]).into_iter().map(|name| (at, name)));
        }
    }
    names.sort_unstable();
    names
}

/// What a path goes on with: `row::Batch` -> row; `{error::Error, row}` -> error, row.
fn first_names(rest: &str) -> Vec<&str> {
    let Some(group) = rest.strip_prefix('{') else {
        return vec![word(rest)];
    };
    let mut names = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(word(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn word(text: &str) -> &str {
    let end = text
        .find(|c: char| c != '_' && !c.is_alphanumeric())
        .unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests;
