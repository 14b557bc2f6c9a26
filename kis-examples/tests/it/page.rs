//! Pages of documentation: their fenced blocks, and whether a block shows what a program printed.
//!
//! A block is a file if the line before it ends with its path and a colon, as in: the file `conf/flow.yml`:
//!
//! In a `text` block a line `...` stands for any number of lines, and `[..]` for any characters of one line.

use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The path of the file that the block is.
    pub(crate) file: Option<String>,
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
    let mut before = "";
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block {
                    file: path_at_end(before).map(str::to_owned),
                    language: language.trim().to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => {
                blocks.extend(open.take());
                before = "";
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) if line.is_empty() => {}
            (None, None) => before = line,
        }
    }
    blocks
}

/// The path that a line of text ends with: it stands between backticks, before a colon.
fn path_at_end(line: &str) -> Option<&str> {
    let quoted = line
        .strip_suffix("`:")
        .or_else(|| line.strip_suffix("`\u{ff1a}"))?;
    let (_, path) = quoted.rsplit_once('`')?;
    (path.contains('.') && !path.contains(' ')).then_some(path)
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
        file: None,
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
fn blocks_that_are_files_have_their_path() {
    let check = |line: &str, expect: Option<&str>| {
        let found = blocks(&format!("{line}\n\n```yaml\na: 1\n```\n```text\n1\n```\n"));
        let files: Vec<_> = found.iter().map(|block| block.file.as_deref()).collect();
        assert_eq!(files, [expect, None], "{line}");
    };
    check("The file `conf/flow.yml`:", Some("conf/flow.yml"));
    check("`a.csv` and `b.csv`:", Some("b.csv"));
    check("文件 `conf/flow.yml`\u{ff1a}", Some("conf/flow.yml"));
    check("The file `conf/flow.yml` says more:", None);
    check("It prints `no rows`:", None);
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
