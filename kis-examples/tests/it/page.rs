//! Pages of documentation: their fenced blocks, and whether a block shows what a program printed.
//!
//! In a `text` block a line `...` stands for any number of lines, and `[..]` for any characters of one line.

use std::path::{Path, PathBuf};

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// The fenced blocks of a page, in their order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block {
                    language: language.trim().to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// Whether `output` is what `pattern` shows.
pub(crate) fn is_shown(pattern: &str, output: &str) -> bool {
    let pattern: Vec<_> = pattern.trim_end().lines().collect();
    let output: Vec<_> = output.trim_end().lines().collect();
    lines_match(&pattern, &output)
}

fn lines_match(pattern: &[&str], lines: &[&str]) -> bool {
    match pattern {
        [] => lines.is_empty(),
        ["...", rest @ ..] => (0..=lines.len()).any(|skipped| lines_match(rest, &lines[skipped..])),
        [first, rest @ ..] => {
            lines
                .first()
                .is_some_and(|line| line_matches(first, line.trim_end()))
                && lines_match(rest, &lines[1..])
        }
    }
}

fn line_matches(pattern: &str, line: &str) -> bool {
    match pattern.split_once("[..]") {
        None => pattern == line,
        Some((head, tail)) => line.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| line_matches(tail, &rest[at..]))
        }),
    }
}

#[test]
fn blocks_have_their_language() {
    let block = |language: &str, text: &str| Block {
        language: language.to_owned(),
        text: text.to_owned(),
    };
    let page = "# A\n```sh\na\nb\n```\ntext\n```text\nc\n```\n```\n```\n```sh\nnever closed\n";
    assert_eq!(
        blocks(page),
        [block("sh", "a\nb\n"), block("text", "c\n"), block("", "")]
    );
}

#[test]
fn a_shown_text_matches_with_its_gaps() {
    let check =
        |pattern, output, expect| assert_eq!(is_shown(pattern, output), expect, "{pattern:?} {output:?}");
    check("a\nb\n", "a  \nb\n\n", true);
    check("a\nb", "a\nc", false);
    check("a", "a\nb", false);
    check("a\n...\nd", "a\nb\nc\nd", true);
    check("a\n...\nd", "a\nd", true);
    check("...", "", true);
    check("done in [..] s", "done in 1.5 s", true);
    check("[..]a[..]b", "xaxbb", true);
    check("done in [..] s", "done in 1.5 m", false);
}
