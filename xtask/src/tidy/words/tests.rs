//! Which words are refused, and where.

use super::super::tests::find;
use super::{lints_are_silenced_with_reason, no_path_of_this_machine, nothing_unfinished};

#[test]
fn notes_to_oneself_are_found_in_any_text() {
    let note = concat!("TO", "DO");
    let expect = |path: &str| format!("{path}:2: {note} says that this is not finished");
    for path in ["a.rs", "b.md", "c.toml", "d.yml"] {
        find(
            nothing_unfinished,
            &[(path, &format!("x\n// {note}: y\n"))],
            &[&expect(path)],
        );
    }
    find(
        nothing_unfinished,
        &[
            ("a.rs", &format!("// {note}S_LIST {note}LIST\n")),
            ("b.csv", note),
        ],
        &[],
    );
}

#[test]
fn unfinished_code_is_found_and_its_name_in_a_text_is_not() {
    find(
        nothing_unfinished,
        &[(
            "a.rs",
            "// todo!() and dbg!\nlet x = \"unimplemented!\";\nmy_todo!();",
        )],
        &[],
    );
    find(
        nothing_unfinished,
        &[("a.rs", "todo!();\ndbg!(x);\n#[ignore = \"slow\"]\n")],
        &[
            "a.rs:1: todo! must not stay; finish it, or leave it out",
            "a.rs:2: dbg! must not stay; log through tracing, or remove it",
            "a.rs:3: #[ignore must not stay; a test that does not run proves nothing",
        ],
    );
}

#[test]
fn lints_need_a_reason_and_allow_is_for_generated_code() {
    let good = "#[expect(dead_code, reason = \"x\")]\n#![expect(\n    unused,\n    reason = \"y\"\n)]\n";
    find(lints_are_silenced_with_reason, &[("a.rs", good)], &[]);
    let generated = "quote! { #[allow(unused, reason = \"x\")] };";
    find(
        lints_are_silenced_with_reason,
        &[("kis-macros/src/expand.rs", generated)],
        &[],
    );
    find(
        lints_are_silenced_with_reason,
        &[
            ("a.rs", "#[allow(unused, reason = \"x\")]"),
            ("b.rs", "#[expect(unused)]\nfn f(reason: u8) {}"),
        ],
        &[
            "a.rs:1: use #[expect], which complains once it is not needed",
            "b.rs:1: a lint is silenced with its reason = \"...\"",
        ],
    );
}

#[test]
fn absolute_paths_of_a_machine_are_found() {
    let dir = concat!("/tm", "p/");
    let expect = "a.md:1: an absolute path of one machine; use a relative one or a temporary folder";
    for text in [format!("see `{dir}x`"), format!("{dir}x"), format!("\"{dir}x\"")] {
        find(no_path_of_this_machine, &[("a.md", &text)], &[expect]);
    }
    find(
        no_path_of_this_machine,
        &[("a.md", &format!("target{dir}x and ${{HOME}}{dir}x"))],
        &[],
    );
}
