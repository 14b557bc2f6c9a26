//! What counts as code.

use super::{code_only, line_of, without_tests};

fn check(text: &str, expect: &str) {
    assert_eq!(code_only(text), expect, "for {text:?}");
}

#[test]
fn comments_become_spaces() {
    check("a // b\nc", "a     \nc");
    check("//! a\n/// b\n", "     \n     \n");
    check("a /* b /* c */ d */ e", "a                   e");
    check("a /* b\nc */ d", "a     \n     d");
    check("a / b", "a / b");
}

#[test]
fn the_insides_of_strings_become_spaces() {
    check(r#"f("a // b", c)"#, r#"f("      ", c)"#);
    check(r#"f("a\"b") // c"#, r#"f("    ")     "#);
    check(r##"f(r"a\", b)"##, r##"f(r"  ", b)"##);
    check(r###"f(r#"a"b"#, c)"###, r###"f(r#"   "#, c)"###);
    check(r###"f(br#"a"#, c)"###, r###"f(br#" "#, c)"###);
    check("f(\"\u{4f60}\")", "f(\"   \")");
}

#[test]
fn characters_are_told_from_lifetimes() {
    check("'\"' a", "' ' a");
    check("'\\'' a", "'  ' a");
    check("'\\u{1f600}' a", "'         ' a");
    check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
    check("'\u{4f60}' a", "'   ' a");
}

#[test]
fn words_that_begin_like_a_raw_string_are_words() {
    check("for r in b { r#match(br) }", "for r in b { r#match(br) }");
}

#[test]
fn what_never_ends_ends_with_the_file() {
    check("\"ab", "\"  ");
    check("/* a", "    ");
    check("r#\"a", "r#\" ");
    check("'", "'");
    check("\"a\\", "\"  ");
}

#[test]
fn inline_tests_are_cut_and_test_files_are_not() {
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {\n b }"), "a\n");
    assert_eq!(
        without_tests("a\n#[cfg(test)]\nmod tests;\n"),
        "a\n#[cfg(test)]\nmod tests;\n"
    );
    assert_eq!(
        without_tests("#[cfg(test)]\nuse x;\n#[cfg(test)]\nmod t {"),
        "#[cfg(test)]\nuse x;\n"
    );
}

#[test]
fn lines_count_from_one() {
    assert_eq!(line_of("a\nb\nc", 0), 1);
    assert_eq!(line_of("a\nb\nc", 4), 3);
}
