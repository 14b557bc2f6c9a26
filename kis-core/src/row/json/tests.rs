//! What is read without serde is what serde reads.

use kis_macros::Row;
use proptest::prelude::*;

use super::Objects;

#[derive(Row, Debug, PartialEq, Clone)]
#[row(crate = crate)]
struct Flat {
    id: i64,
    small: u8,
    #[serde(rename = "ok?")]
    ok: bool,
    name: String,
    maybe: Option<i32>,
    note: Option<String>,
}

fn read(text: &str) -> Option<Flat> {
    Objects::of::<Flat>()
        .expect("the row is flat")
        .read(text.as_bytes())
}

fn check(text: &str) {
    if let Some(row) = read(text) {
        assert_eq!(Some(row), serde_json::from_str(text).ok(), "{text}");
    }
}

#[test]
fn the_usual_form_is_read() {
    let text = r#"{"id":-7,"small":255,"ok?":true,"name":"张三","maybe":0,"note":""}"#;
    assert_eq!(read(text), serde_json::from_str(text).ok());
    assert!(read(text).is_some());
    let mixed = r#" { "note" : "a" , "id":1,"ok?":false, "small":0,"maybe":12,"name":"x" } "#;
    assert_eq!(read(mixed), serde_json::from_str(mixed).ok());
    assert!(read(mixed).is_some());
    let none = r#"{"id":1,"small":0,"ok?":true,"name":"null","maybe":null,"note": null}"#;
    assert_eq!(read(none), serde_json::from_str(none).ok());
    assert_eq!(read(none).and_then(|row| row.note), None);
}

#[test]
fn anything_unusual_is_left_to_serde() {
    for (field, value) in [
        ("id", "1.0"),
        ("id", "01"),
        ("id", "-0"),
        ("id", "+1"),
        ("id", "\"1\""),
        ("id", "1e3"),
        ("id", "9223372036854775808"),
        ("id", "-"),
        ("id", ""),
        ("id", "null"),
        ("small", "256"),
        ("small", "-1"),
        ("ok?", "tru"),
        ("ok?", "1"),
        ("name", "\"a\\n\""),
        ("name", "5"),
        ("name", "\"a"),
        ("maybe", "nul"),
        ("maybe", "nulls"),
        ("name", "null"),
        ("note", "[1]"),
    ] {
        let mut text = r#"{"id":1,"small":2,"ok?":true,"name":"n","maybe":3,"note":"x"}"#.to_owned();
        let old = match field {
            "id" => "1",
            "small" => "2",
            "ok?" => "true",
            "name" => "\"n\"",
            "maybe" => "3",
            _ => "\"x\"",
        };
        text = text.replace(&format!("\"{field}\":{old}"), &format!("\"{field}\":{value}"));
        assert_eq!(read(&text), None, "{text}");
    }
    for text in [
        "",
        "{",
        "{}",
        "[]",
        "null",
        r#"{"id":1}"#,
        r#"{"id":1,"id":2,"small":2,"ok?":true,"name":"n","maybe":3,"note":"x"}"#,
        r#"{"id":1,"small":2,"ok?":true,"name":"n","maybe":3,"note":"x","more":1}"#,
        r#"{"id":1,"small":2,"ok?":true,"name":"n","maybe":3,"note":"x",}"#,
        r#"{"id":1,"small":2,"ok?":true,"name":"n","maybe":3,"note":"x"} 1"#,
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_row_is_read_otherwise_than_by_serde(
        id: i64, small: u8, ok: bool, name in "\\PC{0,6}", maybe in proptest::option::of(any::<i32>()), note in proptest::option::of(".{0,4}"),
        at in 0..80usize, with in "[\"{}:, 0-9a-z\\\\.eE-]{0,2}",
    ) {
        let row = Flat { id, small, ok, name, maybe, note };
        let text = serde_json::to_string(&row).unwrap();
        check(&text);
        let mut broken: Vec<char> = text.chars().collect();
        let at = at.min(broken.len());
        broken.splice(at..(at + 1).min(broken.len()), with.chars());
        check(&broken.into_iter().collect::<String>());
    }
}
