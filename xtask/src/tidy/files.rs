//! Each file says its job, is short, and ends its lines cleanly.

use super::rust::without_tests;
use super::{Findings, Workspace};

/// Lines of a Rust file, its tests excluded.
const BUDGET: usize = 400;

/// Texts that are read as a whole.
const PAGES: &[(&str, usize)] = &[("ARCHITECTURE.md", 200), ("CONTRIBUTING.md", 150)];

pub(super) fn say_their_job(workspace: &Workspace, findings: &mut Findings) {
    for file in workspace.tree.rust() {
        // The rule of a UI case is a plain comment, since its item may not take a module's doc.
        let opening: &[&str] = if file.is_ui_case() {
            &["//! ", "// "]
        } else {
            &["//! "]
        };
        if !opening.iter().any(|opening| file.text.starts_with(opening)) {
            findings.push(
                &file.path,
                1,
                "a file opens with a `//!` line that says its single job",
            );
        }
    }
}

pub(super) fn are_short(workspace: &Workspace, findings: &mut Findings) {
    for file in workspace.tree.rust().filter(|file| !file.is_test()) {
        let lines = without_tests(&file.text).lines().count();
        if lines > BUDGET {
            let message = format!("{lines} lines; {BUDGET} is the budget, so this is more than one idea");
            findings.push(&file.path, BUDGET + 1, message);
        }
    }
    for (path, budget) in PAGES {
        let lines = workspace.tree.get(path).map_or(0, |text| text.lines().count());
        if lines > *budget {
            findings.push(path, budget + 1, format!("{lines} lines; {budget} is the budget"));
        }
    }
}

pub(super) fn end_lines_cleanly(workspace: &Workspace, findings: &mut Findings) {
    let texts = workspace.tree.files().filter(|file| {
        let is_yaml_of_a_test = file.is_test() && file.has_extension(&["yml", "yaml"]);
        file.has_extension(&["rs", "toml", "md", "yml", "yaml"]) && !is_yaml_of_a_test
    });
    for file in texts {
        for (index, line) in file.text.split('\n').enumerate() {
            if line.ends_with([' ', '\t', '\r']) {
                findings.push(&file.path, index + 1, "the line ends with white space");
            }
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            findings.push(&file.path, file.text.lines().count(), "the last line has no end");
        }
    }
}

#[cfg(test)]
mod tests;
