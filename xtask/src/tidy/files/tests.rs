//! Which files are refused.

use super::super::tests::find;
use super::{BUDGET, are_short, end_lines_cleanly, say_their_job};

#[test]
fn a_file_opens_with_its_job() {
    let expect = ["a/src/lib.rs:1: a file opens with a `//!` line that says its single job"];
    find(say_their_job, &[("a/src/lib.rs", "//! Job.\n")], &[]);
    find(say_their_job, &[("a/src/lib.rs", "use x;\n//! Job.\n")], &expect);
    find(say_their_job, &[("a/src/lib.rs", "// Job.\n")], &expect);
    find(say_their_job, &[("a/src/lib.rs", "")], &expect);
    find(say_their_job, &[("a/tests/ui/fail/x.rs", "// Rule.\n")], &[]);
    find(say_their_job, &[("a.md", "x\n")], &[]);
}

#[test]
fn the_budget_counts_what_is_not_test() {
    let full = "x\n".repeat(BUDGET);
    let long = format!("{full}x\n");
    let tested = format!("{full}#[cfg(test)]\nmod tests {{\nx\n}}\n");
    find(
        are_short,
        &[
            ("a.rs", &full),
            ("b.rs", &tested),
            ("c/tests.rs", &long),
            ("d/tests/it/x.rs", &long),
        ],
        &[],
    );
    find(
        are_short,
        &[("a.rs", &long)],
        &["a.rs:401: 401 lines; 400 is the budget, so this is more than one idea"],
    );
    let page = "x\n".repeat(201);
    find(
        are_short,
        &[("ARCHITECTURE.md", &page)],
        &["ARCHITECTURE.md:201: 201 lines; 200 is the budget"],
    );
}

#[test]
fn lines_end_cleanly() {
    find(
        end_lines_cleanly,
        &[
            ("a.rs", "a\n\nb\n"),
            ("b.csv", "a \n"),
            ("c/tests/it/crlf.yml", "a\r\n"),
        ],
        &[],
    );
    find(
        end_lines_cleanly,
        &[("a.md", "a \nb\t\nc\r\nd")],
        &[
            "a.md:1: the line ends with white space",
            "a.md:2: the line ends with white space",
            "a.md:3: the line ends with white space",
            "a.md:4: the last line has no end",
        ],
    );
}
