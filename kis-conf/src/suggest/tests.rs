//! Which words are near.

use super::*;

#[test]
fn near_words() {
    let known = ["flows", "status", "flow_name", "打印平均分", "as"];
    let check = |word: &str, expect: Option<&str>| {
        assert_eq!(nearest(word, &known).map(|i| known[i]), expect, "{word}");
    };
    check("flow", Some("flows"));
    check("stauts", Some("status"));
    check("FLOW_NAME", Some("flow_name"));
    check("flowname", Some("flow_name"));
    check("打印平均", Some("打印平均分"));
    check("sa", Some("as"));
    check("", None);
    check("x", None);
    check("connector", None);
    check(&"flows".repeat(100), None);
}

#[test]
fn distances() {
    let check =
        |a: &str, b: &str, expect: usize| assert_eq!(distance(a.as_bytes(), b.as_bytes()), expect, "{a} {b}");
    check("", "", 0);
    check("", "abc", 3);
    check("abc", "abc", 0);
    check("abc", "acb", 1);
    check("abc", "abd", 1);
    check("abc", "bc", 1);
    check("kitten", "sitting", 3);
}

#[test]
fn long_lists_are_cut() {
    let known: Vec<String> = (0..100).map(|i| format!("step_number_{i}")).collect();
    let text = did_you_mean("step_number_57", &known);
    assert!(
        text.starts_with(
            "did you mean step_number_57? (known: step_number_57, step_number_5, step_number_7, "
        )
    );
    assert!(text.ends_with(" and 88 more)"));
    assert_eq!(text.matches("step_number_").count(), 1 + SHOWN);
    assert!(did_you_mean("x", &known[..SHOWN]).ends_with("step_number_10, step_number_11"));
    assert_eq!(did_you_mean::<&str>("x", &[]), "none is known");
}
