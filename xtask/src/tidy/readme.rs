//! README.md and the examples agree.

use super::rust::line_of;
use super::{Findings, Workspace};

const README: &str = "README.md";
const BIN: &str = "kis-examples/src/bin";

/// The test that runs each `sh` block of the examples' READMEs and the first of the root's.
const RUNNER: &str = "kis-examples/tests/it/readmes.rs";

/// Programs that measure and test; they are no examples.
const NO_EXAMPLES: &[&str] = &["bench", "faults"];

pub(super) fn agrees_with_the_examples(workspace: &Workspace, findings: &mut Findings) {
    let tree = &workspace.tree;
    let Some(readme) = tree.get(README) else {
        return findings.push(README, 1, "there is no README");
    };
    let examples: Vec<_> = tree
        .folders(BIN)
        .into_iter()
        .filter(|name| !NO_EXAMPLES.contains(name))
        .collect();
    for (at, name) in mentioned(readme) {
        if !examples.contains(&name) && !NO_EXAMPLES.contains(&name) {
            findings.push(
                README,
                line_of(readme, at),
                format!("there is no example {name} in {BIN}"),
            );
        }
    }
    for name in examples {
        if !mentioned(readme).any(|(_, other)| other == name) {
            findings.push(
                README,
                1,
                format!("the example {name} is not named; link {BIN}/{name}"),
            );
        }
        let page = format!("{BIN}/{name}/README.md");
        if !tree.get(&page).is_some_and(|text| text.contains("\n```sh\n")) {
            findings.push(
                &page,
                1,
                format!("the example {name} needs a README with a `sh` block that runs it"),
            );
        }
    }
    if tree.get(RUNNER).is_none() {
        findings.push(RUNNER, 1, "no test runs the `sh` blocks of the READMEs");
    }
    if readme.matches("\n```sh\n").count() < 2 {
        findings.push(
            README,
            1,
            "two `sh` blocks are needed: the first runs the main job, the second the tests",
        );
    }
}

/// The examples that a text names: by their folder, or by the command that runs them.
fn mentioned(text: &str) -> impl Iterator<Item = (usize, &str)> {
    ["kis-examples/src/bin/", "--bin "]
        .into_iter()
        .flat_map(move |prefix| {
            text.match_indices(prefix).map(move |(at, _)| {
                let rest = &text[at + prefix.len()..];
                let end = rest
                    .find(|c: char| c != '_' && c != '-' && !c.is_alphanumeric())
                    .unwrap_or(rest.len());
                (at, &rest[..end])
            })
        })
}

#[cfg(test)]
mod tests;
