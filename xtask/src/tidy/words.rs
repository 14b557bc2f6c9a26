//! Words that must not stand in the project's texts.

use super::rust::{code_only, line_of};
use super::{Findings, Workspace};

/// In any text. Put together here, so that this file does not hold them.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// In code.
const REFUSED: &[(&str, &str)] = &[
    ("todo!", "finish it, or leave it out"),
    ("unimplemented!", "finish it, or leave it out"),
    ("dbg!", "log through tracing, or remove it"),
    ("#[ignore", "a test that does not run proves nothing"),
];

/// Folders that exist on one machine only.
const MACHINE: &[&str] = &[concat!("/wo", "rk/"), concat!("/tm", "p/")];

pub(super) fn nothing_unfinished(workspace: &Workspace, findings: &mut Findings) {
    let is_text = |extensions| move |file: &&super::tree::TextFile| file.has_extension(extensions);
    for file in workspace
        .tree
        .files()
        .filter(is_text(&["rs", "md", "toml", "yml", "yaml"]))
    {
        for (at, word) in UNFINISHED.iter().flat_map(|word| whole_words(&file.text, word)) {
            findings.push(
                &file.path,
                line_of(&file.text, at),
                format!("{word} says that this is not finished"),
            );
        }
    }
    for file in workspace.tree.rust() {
        let code = code_only(&file.text);
        for (word, cure) in REFUSED {
            for (at, _) in whole_words(&code, word) {
                findings.push(
                    &file.path,
                    line_of(&code, at),
                    format!("{word} must not stay; {cure}"),
                );
            }
        }
    }
}

/// `expect` complains once it is no longer needed, `allow` never does. Generated code cannot know
/// which lints its surroundings raise, so there `allow` stays, with its reason.
pub(super) fn lints_are_silenced_with_reason(workspace: &Workspace, findings: &mut Findings) {
    for file in workspace.tree.rust() {
        let code = code_only(&file.text);
        for (attribute, is_allow) in [("[allow(", true), ("[expect(", false)] {
            for (at, _) in code.match_indices(attribute) {
                let body = &code[at..at + code[at..].find(")]").unwrap_or(code.len() - at)];
                let line = line_of(&code, at);
                if !body.contains("reason") {
                    findings.push(&file.path, line, "a lint is silenced with its reason = \"...\"");
                }
                if is_allow && !file.path.starts_with("kis-macros/src/") {
                    findings.push(
                        &file.path,
                        line,
                        "use #[expect], which complains once it is not needed",
                    );
                }
            }
        }
    }
}

pub(super) fn no_path_of_this_machine(workspace: &Workspace, findings: &mut Findings) {
    for file in workspace.tree.files().filter(|file| file.path != "Cargo.lock") {
        for (at, _) in MACHINE.iter().flat_map(|dir| file.text.match_indices(dir)) {
            let before = file.text[..at].chars().next_back();
            // `a/tmp/b` is a relative path.
            if !before.is_some_and(|c| c.is_alphanumeric() || "._-}/".contains(c)) {
                let message = "an absolute path of one machine; use a relative one or a temporary folder";
                findings.push(&file.path, line_of(&file.text, at), message);
            }
        }
    }
}

/// Where `word` stands in `text` and is not a part of a longer word.
fn whole_words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let is_part = |c: char| c == '_' || c.is_alphanumeric();
    text.match_indices(word).filter(move |(at, found)| {
        let before = text[..*at].chars().next_back().is_some_and(is_part);
        let after = text[at + found.len()..].chars().next().is_some_and(is_part);
        !(before || (after && found.ends_with(is_part)))
    })
}

#[cfg(test)]
mod tests;
