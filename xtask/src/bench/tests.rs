//! Where the table goes.

use super::replace_between;

fn check(text: &str, expect: Result<&str, &str>) {
    let got = replace_between(text, "<a>", "<b>", "\nnew\n").map_err(|error| error.to_string());
    assert_eq!(got.as_deref().map_err(String::as_str), expect, "for {text:?}");
}

#[test]
fn only_what_stands_between_the_markers_changes() {
    check("x\n<a>\nold\n<b>\ny\n", Ok("x\n<a>\n\nnew\n\n<b>\ny\n"));
    check("<a><b>", Ok("<a>\n\nnew\n\n<b>"));
    check("x\n<a>\n\nnew\n\n<b>\ny\n", Ok("x\n<a>\n\nnew\n\n<b>\ny\n"));
}

#[test]
fn markers_that_are_missing_or_doubled_are_errors() {
    check("x", Err("no <a> in the text"));
    check("<b> <a>", Err("no <b> behind <a>"));
    check("<a><b><a><b>", Err("<a> stands in the text twice"));
}
