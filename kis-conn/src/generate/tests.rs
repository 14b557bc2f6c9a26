//! Generated rows: the same for the same seed, as many and as fast as asked.

use std::path::Path;
use std::time::Duration;

use kis_conf::Node;
use serde_json::Value;
use tokio::time::Instant;

use super::SOURCE;
use crate::suite::cases::{Kind, check_kind, run, spec};
use crate::suite::check_source;
use crate::{BatchLimit, Next};

fn fields() -> Node {
    let range = |low: &str, high: &str| Node::list([Node::plain(low), Node::plain(high)]);
    let words = Node::list([Node::text("a"), Node::plain("2"), Node::plain("true")]);
    Node::map([
        ("id", Node::plain("sequence")),
        (
            "down",
            Node::map([(
                "sequence",
                Node::map([("start", Node::plain("10")), ("step", Node::plain("-2"))]),
            )]),
        ),
        ("dice", Node::map([("int", range("1", "6"))])),
        ("share", Node::map([("float", range("0", "0.5"))])),
        ("word", Node::map([("choice", words)])),
        ("same", Node::map([("constant", Node::text("x\"y"))])),
        (
            "at",
            Node::map([(
                "timestamp",
                Node::map([
                    ("start", Node::text("2013-01-01T00:00:00Z")),
                    ("step", Node::plain("90s")),
                ]),
            )]),
        ),
    ])
}

fn rows(params: &[(&str, Node)]) -> Vec<Value> {
    let rows = run(check_kind(SOURCE, spec(Path::new(""), None, params)));
    rows.iter()
        .map(|(_, row)| serde_json::from_str(row).unwrap())
        .collect()
}

#[test]
fn rows_that_never_end_pass_the_suite() {
    let params = [("rate", Node::text("5/s")), ("fields", fields())];
    let sixty = [&params[..], &[("rows", Node::plain("60"))]].concat();
    let rows = run(check_kind(SOURCE, spec(Path::new(""), None, &sixty)));
    let texts: Vec<String> = rows.into_iter().map(|(_, row)| row).collect();
    let make = async || Kind {
        info: SOURCE,
        spec: spec(Path::new(""), None, &params),
        rows: vec![("src".to_owned(), texts.clone())],
        endless: true,
    };
    run(check_source(make)).assert_passed();
}

#[test]
fn fields_hold_what_they_say() {
    let rows = rows(&[("rows", Node::plain("200")), ("fields", fields())]);
    assert_eq!(rows.len(), 200);
    assert_eq!(
        (&rows[0]["id"], &rows[199]["id"]),
        (&Value::from(1), &Value::from(200))
    );
    assert_eq!(
        (&rows[0]["down"], &rows[6]["down"]),
        (&Value::from(10), &Value::from(-2))
    );
    let mut dice: Vec<i64> = rows.iter().map(|row| row["dice"].as_i64().unwrap()).collect();
    dice.sort_unstable();
    dice.dedup();
    assert_eq!(dice, [1, 2, 3, 4, 5, 6]);
    assert!(
        rows.iter()
            .all(|row| (0.0..=0.5).contains(&row["share"].as_f64().unwrap()))
    );
    for word in [Value::from("a"), Value::from(2), Value::from(true)] {
        assert!(rows.iter().any(|row| row["word"] == word), "{word}");
    }
    assert!(rows.iter().all(|row| row["same"] == "x\"y"));
    assert_eq!(rows[2]["at"], "2013-01-01T00:03:00Z");
}

#[test]
fn a_seed_makes_the_same_rows_and_another_makes_others() {
    let with = |seed: &str| {
        rows(&[
            ("rows", Node::plain("20")),
            ("seed", Node::plain(seed)),
            ("fields", fields()),
        ])
    };
    assert_eq!(with("7"), with("7"));
    assert_ne!(with("7"), with("8"));
}

#[test]
fn a_rate_is_kept() {
    run(async {
        let params = [
            ("rows", Node::plain("500")),
            ("rate", Node::text("100/s")),
            ("fields", fields()),
        ];
        let source = (SOURCE.open)(spec(Path::new(""), None, &params))
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(source.facts().bounded);
        let partition = source.partitions().await.unwrap().remove(0);
        let mut reader = source.read(&partition, None).await.unwrap();
        let start = Instant::now();
        let mut count = 0;
        while let Next::Block(block) = reader.next(BatchLimit::default()).await.unwrap() {
            count += block.rows.len();
        }
        assert_eq!(count, 500);
        let passed = start.elapsed();
        assert!(
            passed >= Duration::from_millis(4980) && passed < Duration::from_millis(5100),
            "{passed:?}"
        );
    });
}

#[test]
fn mistakes_are_explained() {
    let check = |params: &[(&str, Node)], expect: &str| {
        let error = run(async {
            (SOURCE.open)(spec(Path::new(""), None, params))
                .await
                .map(drop)
                .unwrap_err()
        });
        assert_eq!(error.to_string(), expect);
    };
    let field = |node: Node| [("fields", Node::map([("x", node)]))];
    let cure = "for example { int: [0, 100] }, { choice: [a, b] } or sequence";
    check(
        &field(Node::plain("sequenze")),
        &format!(
            "<program>: [KIS0113] field x: unknown word sequenze; did you mean sequence? (known: sequence, int, float, \
             choice, constant, timestamp); {cure}"
        ),
    );
    check(
        &field(Node::map([("int", Node::list([Node::plain("5")]))])),
        &format!(
            "<program>: [KIS0113] field x: int needs its smallest and largest value: {{ int: [0, 100] }}; {cure}"
        ),
    );
    let mut rate = field(Node::plain("sequence")).to_vec();
    rate.push(("rate", Node::text("fast")));
    check(
        &rate,
        "<program>: [KIS0113] param rate: fast is not a rate such as 1000/s or 5/m",
    );
    check(
        &[],
        "conf/src.yml:1:1: [KIS0112] generate source needs param fields: a map, which is not given",
    );
}
