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
    mean: f64,
    share: Option<f32>,
}

const USUAL: &str =
    r#"{"id":1,"small":2,"ok?":true,"name":"n","maybe":3,"note":"x","mean":0.5,"share":null}"#;

fn read(text: &str) -> Option<Flat> {
    Objects::of::<Flat>()
        .expect("the row is flat")
        .read(text.as_bytes())
}

fn by_serde(text: &str) -> Option<Flat> {
    serde_json::from_str(text).ok()
}

/// Floats by their bits: two that are equal may differ in their sign.
fn bits(row: &Flat) -> (u64, Option<u32>) {
    (row.mean.to_bits(), row.share.map(f32::to_bits))
}

/// What is read is what serde reads; whether anything is.
fn check(text: &str) -> bool {
    let Some(row) = read(text) else { return false };
    let wanted = by_serde(text);
    assert_eq!(wanted.as_ref(), Some(&row), "{text}");
    assert_eq!(wanted.as_ref().map(bits), Some(bits(&row)), "{text}");
    true
}

/// The usual object with another value for one field.
fn with(field: &str, value: &str) -> String {
    let key = format!("\"{field}\":");
    let from = USUAL.find(&key).expect("the field is there") + key.len();
    let to = from + USUAL[from..].find([',', '}']).expect("the value ends");
    format!("{}{value}{}", &USUAL[..from], &USUAL[to..])
}

#[test]
fn the_usual_form_is_read() {
    for text in [
        USUAL,
        r#"{"id":-7,"small":255,"ok?":true,"name":"张三","maybe":0,"note":"","mean":1,"share":2.25}"#,
        r#"{"id": 1, "small": 2, "ok?": false, "name": "a, \u007f", "maybe": 3, "note": null, "mean": -0.0, "share": 1}"#
            .replace("\\u007f", "\u{7f}")
            .as_str(),
        r#" { "note" : "a" , "id":1,"ok?":false, "small":0,"maybe":12,"name":"x", "share" :1,"mean" :2 } "#,
        r#"{"id":1,"small":0,"ok?":true,"name":"null","maybe":null,"note": null,"mean":0,"share":null}"#,
        r#"{"mean":7.5,"id":1,"small":0,"ok?":true,"name":"nothing of two that may be missing"}"#,
        r#"{"more":[],"id":1,"more":-1.5e-3,"small":0,"ok?":true,"mean":7,"much":"text","name":"x","last":null}"#
            .replace("[]", "false")
            .as_str(),
    ] {
        assert!(check(text), "{text}");
    }
}

#[test]
fn values_at_their_limits_are_read() {
    for (field, values) in [
        (
            "id",
            &[
                "9223372036854775807",
                "-9223372036854775808",
                "12345678",
                "123456789",
                "0",
            ][..],
        ),
        ("small", &["0", "255"]),
        (
            "mean",
            &[
                "33.333333333333336",
                "0.1",
                "1e3",
                "-1E-7",
                "9007199254740991",
                "9007199254740993",
                "0.30000000000000004",
                "123456789.125",
                "1.7976931348623157e308",
                "18446744073709551615",
                "18446744073709551616",
                "-0",
                "-0.0",
                "0.00000000000000000000001",
                "4.9e-324",
                "1.00000000",
                "100000000.5",
            ],
        ),
        (
            "share",
            &["0.1", "16777217", "3.4028235e38", "0.333333343", "1e-45", "-0"],
        ),
        (
            "name",
            &[
                "\"\"",
                "\"1234567\"",
                "\"12345678\"",
                "\"Zürich – 東京\"",
                "\"{:\"",
            ],
        ),
    ] {
        for value in values {
            assert!(check(&with(field, value)), "{field}: {value}");
        }
    }
}

#[test]
fn anything_unusual_is_left_to_serde() {
    for (field, values) in [
        (
            "id",
            &[
                "1.0",
                "01",
                "-0",
                "+1",
                "\"1\"",
                "1e3",
                "9223372036854775808",
                "-9223372036854775809",
                "-",
                "",
                "null",
                "18446744073709551616",
                "1 1",
                "1.",
            ][..],
        ),
        ("small", &["256", "-1"]),
        ("ok?", &["tru", "1", "truefalse"]),
        ("name", &["\"a\\n\"", "5", "\"a", "null", "\"a\u{1}\""]),
        ("maybe", &["nul", "nulls"]),
        ("note", &["[1]", "{}"]),
        (
            "mean",
            &["1.", ".5", "01.5", "1e", "NaN", "null", "1e400", "--1", "1.5.5"],
        ),
        ("share", &["nan", "\"1\""]),
    ] {
        for value in values {
            assert_eq!(read(&with(field, value)), None, "{field}: {value}");
        }
    }
    for text in [
        "".to_owned(),
        "{".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        r#"{"id":1}"#.to_owned(),
        USUAL.replacen('{', r#"{"id":2,"#, 1),
        USUAL.replace('}', r#","more":[1]}"#),
        USUAL.replace('}', r#","more":01}"#),
        USUAL.replace('}', ",}"),
        USUAL.replace('}', "} 1"),
        USUAL.replace('}', ""),
    ] {
        assert_eq!(read(&text), None, "{text}");
    }
}

#[test]
fn a_reader_gets_used_to_another_order() {
    let other = r#"{"mean":2,"id":1,"small":0,"ok?":true,"name":"x"}"#;
    let mut objects = Objects::of::<Flat>().expect("the row is flat");
    for text in [USUAL, other, other, USUAL, USUAL, other] {
        assert_eq!(objects.read(text.as_bytes()), by_serde(text), "{text}");
    }
}

fn rows() -> impl Strategy<Value = Flat> {
    let name = "\\PC{0,20}";
    let note = proptest::option::of(".{0,4}");
    let maybe = proptest::option::of(any::<i32>());
    let floats = (
        any::<f64>(),
        proptest::option::of(any::<f32>()),
        -1000..1000i32,
        any::<bool>(),
    );
    (
        any::<i64>(),
        any::<u8>(),
        any::<bool>(),
        name,
        maybe,
        note,
        floats,
    )
        .prop_map(
            |(id, small, ok, name, maybe, note, (mean, share, short, is_short))| Flat {
                id: if is_short { i64::from(short) } else { id },
                small,
                ok,
                name,
                maybe,
                note,
                mean: if is_short { f64::from(short) / 100.0 } else { mean },
                share,
            },
        )
}

proptest! {
    #[test]
    fn no_row_is_read_otherwise_than_by_serde(
        row in rows(), at in 0..140usize, with in "[\"{}:, 0-9a-z\\\\.eE-]{0,2}",
    ) {
        let text = serde_json::to_string(&row).unwrap();
        check(&text);
        check(&text.replace(':', ": ").replace(',', ", "));
        let mut broken: Vec<char> = text.chars().collect();
        let at = at.min(broken.len());
        broken.splice(at..(at + 1).min(broken.len()), with.chars());
        check(&broken.into_iter().collect::<String>());
    }

    #[test]
    fn fields_in_any_order_are_read_as_by_serde(row in rows(), order in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle()) {
        let serde_json::Value::Object(object) = serde_json::to_value(&row).unwrap() else { unreachable!() };
        let fields: Vec<String> = object.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
        let fields: Vec<&str> = order.iter().map(|i| fields[*i].as_str()).collect();
        check(&format!("{{{}}}", fields.join(",")));
    }

    #[test]
    fn numbers_are_read_as_by_serde(number in "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?") {
        for field in ["id", "small", "maybe", "mean", "share"] {
            check(&with(field, &number));
        }
    }
}
