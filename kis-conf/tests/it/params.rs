//! Given params against their shape: the same texts in a `const` and at run time.

use std::collections::BTreeMap;
use std::time::Duration;

use kis_conf::{
    ByteSize, Given, GivenOwned, GivenValue, Msg, Node, Param, ParamKind, ParamShape, ParamValue, Params,
    ParamsReader, ParamsShape, Place, Problems, check_missing, check_param, check_params,
};

use crate::load;

const RETRY: ParamsShape = ParamsShape {
    name: "Retry",
    params: &[shape("attempts", ParamKind::Int { min: 1, max: 10 }, true)],
};
const SHAPE: ParamsShape = ParamsShape {
    name: "SaveParams",
    params: &[
        shape("size", ParamKind::Int { min: 1, max: 1000 }, true),
        shape("ratio", ParamKind::Float { min: 0.0, max: 0.75 }, false),
        shape(
            "level",
            ParamKind::Int {
                min: 0,
                max: i64::MAX,
            },
            false,
        ),
        shape("ttl", ParamKind::Duration, false),
        shape("cache", ParamKind::Bytes, false),
        shape("on", ParamKind::Bool, false),
        shape("title", ParamKind::Text, false),
        shape("mode", ParamKind::Choice(&["upsert", "insert"]), false),
        shape("columns", ParamKind::List(&ParamKind::Text), false),
        shape("weights", ParamKind::Map(&f64::KIND), false),
        shape("retry", ParamKind::Nested(&RETRY), false),
        shape("rest", ParamKind::Any, false),
    ],
};

const fn shape(name: &'static str, kind: ParamKind, required: bool) -> ParamShape {
    ParamShape {
        name,
        kind,
        required,
        default: None,
        doc: "",
    }
}

/// Composed while compiling.
const UNKNOWN: Option<Msg> = check_param(
    "avg",
    &SHAPE,
    &Given {
        key: "tittle",
        place: "conf/a.yml:1:1",
        value: GivenValue::Null,
    },
);
const TOO_LARGE: Option<Msg> = check_param(
    "save_avg",
    &SHAPE,
    &Given {
        key: "size",
        place: "conf/a.yml:1:1",
        value: GivenValue::Scalar {
            text: "5000",
            shown: "5000",
            int: Some(5000),
            float: Some(5000.0),
            bool: None,
            duration_ns: None,
            bytes: Some(5000),
        },
    },
);
const MISSING: Option<Msg> = check_missing("save_avg", &SHAPE, &[], 0);
const NOT_MISSING: Option<Msg> = check_missing("save_avg", &SHAPE, &[], 1);

#[test]
fn in_a_const() {
    assert_eq!(
        TOO_LARGE.unwrap().as_str(),
        "param size of save_avg is 5000, allowed is 1 to 1000"
    );
    assert_eq!(
        MISSING.unwrap().as_str(),
        "save_avg needs param size: a whole number, which is not given"
    );
    assert!(NOT_MISSING.is_none());
    insta::assert_snapshot!(UNKNOWN.unwrap().as_str(), @"unknown param tittle of avg; did you mean title? (known: size, ratio, level, ttl, cache, on, title, mode, columns, weights, retry, rest)");
}

/// The params of a conn document.
fn given(yaml: &str) -> Vec<Param> {
    load(&format!("kistype: conn\ncname: c\ntype: redis\nparams: {yaml}\n"))
        .unwrap()
        .conns
        .remove(0)
        .params
}

fn wrong(yaml: &str) -> String {
    let problems = check_params("save_avg", &SHAPE, &given(yaml), &Place::new("conf/a.yml", 4, 1));
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn at_run_time() {
    let good = "{ size: 10, ratio: 0.5, level: 10k, ttl: 1h, cache: 4MiB, on: yes, title: 5, mode: insert, columns: [a, 2], weights: { a: 1, b: 2.5 }, retry: { attempts: 3 }, rest: [{}] }";
    assert_eq!(wrong(good), "");
    assert_eq!(
        wrong("{ size: \"10\", title: null, columns: null, retry: null, rest: null }")
            .matches("KIS0112")
            .count(),
        0
    );
    let bad = [
        "{}",
        "{ siz: 1 }",
        "{ size: 0 }",
        "{ size: abc }",
        "{ size: null }",
        "{ size: [1] }",
        "{ size: 1.5 }",
        "{ size: 1, ratio: 0.8, level: -1 }",
        "{ size: 1, ttl: 30, cache: 4 apples, on: maybe }",
        "{ size: 1, mode: upsrt, title: {} }",
        "{ size: 1, columns: [a, [b]], weights: { a: x } }",
        "{ size: 1, retry: {} }",
        "{ size: 1, retry: { attempts: 11 } }",
        "{ size: 1, retry: { attempt: 1, attempts: 1 } }",
        "{ size: 1, columns: a }",
        "{ size: '' }",
    ];
    let text: String = bad
        .iter()
        .map(|yaml| format!("## {yaml}\n{}\n", wrong(yaml)))
        .collect();
    insta::assert_snapshot!(text);
}

#[test]
fn facts() {
    let owned: Vec<GivenOwned> = given("{ a: [1, [2, 3], { b: 30s }], c: {} }")
        .iter()
        .map(Given::of)
        .collect();
    GivenOwned::with_all(&owned, |given| insta::assert_debug_snapshot!(given));
}

#[derive(Debug, PartialEq)]
struct Save {
    size: u32,
    ttl: Duration,
    cache: Option<ByteSize>,
    columns: Vec<String>,
    weights: BTreeMap<String, f32>,
    retry: Retry,
    rest: Node,
}

#[derive(Debug, PartialEq)]
struct Retry {
    attempts: u8,
}

impl Params for Save {
    const SHAPE: &'static ParamsShape = &ParamsShape {
        name: "Save",
        params: &[
            shape("size", u32::KIND, true),
            ParamShape {
                default: Some("1m"),
                ..shape("ttl", Duration::KIND, false)
            },
            shape("cache", <Option<ByteSize>>::KIND, false),
            ParamShape {
                default: Some("[id, name]"),
                ..shape("columns", <Vec<String>>::KIND, false)
            },
            shape("weights", <BTreeMap<String, f32>>::KIND, false),
            shape("retry", Retry::KIND, false),
            shape("rest", Node::KIND, false),
        ],
    };

    fn read(given: &[Param], at: &Place) -> Result<Self, Problems> {
        let mut reader = ParamsReader::new(Self::SHAPE, given, at);
        let (size, ttl, cache) = (reader.field(0), reader.field(1), reader.field(2));
        let (columns, weights, retry, rest) =
            (reader.field(3), reader.field(4), reader.field(5), reader.field(6));
        let save = || {
            let (columns, weights, retry, rest) = (columns?, weights?, retry?, rest?);
            Some(Save {
                size: size?,
                ttl: ttl?,
                cache: cache?,
                columns,
                weights,
                retry,
                rest,
            })
        };
        reader.finish(save())
    }
}

impl Params for Retry {
    const SHAPE: &'static ParamsShape = &ParamsShape {
        name: "Retry",
        params: &[ParamShape {
            default: Some("3"),
            ..shape("attempts", ParamKind::Int { min: 1, max: 10 }, false)
        }],
    };

    fn read(given: &[Param], at: &Place) -> Result<Self, Problems> {
        let mut reader = ParamsReader::new(Self::SHAPE, given, at);
        let attempts = reader.field(0);
        reader.finish(attempts.map(|attempts| Retry { attempts }))
    }
}

fn save(yaml: &str) -> Result<Save, String> {
    <Save as Params>::read(&given(yaml), &Place::new("conf/a.yml", 4, 1))
        .map_err(|problems| problems.to_string())
}

#[test]
fn read_as_types() {
    let least = save("{ size: 5 }").unwrap();
    assert_eq!(
        (least.size, least.ttl, least.cache, least.retry.attempts),
        (5, Duration::from_secs(60), None, 3)
    );
    assert_eq!(least.columns, ["id", "name"]);
    let all = save("{ size: 5, ttl: 2h, cache: 1KiB, columns: [a], weights: { x: 0.5 }, retry: { attempts: 7 }, rest: hello }").unwrap();
    assert_eq!(
        (all.cache, all.retry.attempts, all.rest),
        (Some(ByteSize(1024)), 7, Node::plain("hello"))
    );
    assert_eq!(all.weights["x"], 0.5);
    let wrong = save("{ sizes: 5, ttl: soon, retry: { attempts: 12 } }").unwrap_err();
    assert_eq!(wrong.lines().count(), 4, "{wrong}");
    assert!(save("{ size: 5000000000 }").unwrap_err().contains("KIS0111"));
}

#[test]
fn no_params() {
    let problems = <() as Params>::read(&given("{ a: 1 }"), &Place::in_code()).unwrap_err();
    assert!(
        problems
            .to_string()
            .ends_with("unknown param a of (); it takes no params"),
        "{problems}"
    );
}
