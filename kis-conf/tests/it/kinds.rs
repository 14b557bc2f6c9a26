//! The kinds and keys that KisFlow does not have.

use crate::{load, without_places};

/// Every key of every kind, none at its default.
pub(crate) const EVERYTHING: &str = include_str!("conf/everything.yml");

#[test]
fn every_key() {
    let conf = load(EVERYTHING).unwrap();
    insta::assert_snapshot!(without_places(&conf).replace(", ", ",\n"));
}

#[test]
fn defaults() {
    let text = "kistype: flow\nflow_name: F\nflows: [fname: f]\n---\nkistype: source\nsname: s\ntype: stdin\nflow: F\n---\nkistype: job\njname: j\ncron: \"0 2 * * *\"\nflow: F\n";
    insta::assert_snapshot!(without_places(&load(text).unwrap()).replace(", ", ",\n"));
}

#[test]
fn yaml_of_every_style() {
    let text = "%YAML 1.2\n---\nkistype: conn\ncname: &name A\ntype: 'redis'\naddrs: &addrs [ \"a:1\", b:2 ]\nparams: &params\n  text: |\n    two\n    lines\n  number: 0x1F\n  folded: >-\n    one\n    line\n  tagged: !!str 5\n...\n---\n{ \"kistype\": \"conn\", \"cname\": \"B\", \"type\": \"redis\" }\n---\nkistype: conn\ncname: C\ntype: redis\ndefaults: \n";
    let problem = load(text).unwrap_err().to_string();
    assert!(
        problem.contains("KIS0004") && problem.contains("defaults"),
        "{problem}"
    );
    let conf = load(text.trim_end_matches("defaults: \n")).unwrap();
    let params: Vec<String> = conf.conns[0]
        .params
        .iter()
        .map(|p| format!("{}={:?}", p.key, p.value))
        .collect();
    assert_eq!(
        params,
        [
            r#"text="two\nlines\n""#,
            "number=0x1F",
            r#"folded="one line""#,
            r#"tagged="5""#
        ]
    );
}

#[test]
fn merge_keys() {
    let text = "kistype: flow\nflow_name: F\nflows:\n  - &base\n    fname: f\n    as: one\n    params: &p { a: 1, b: 2 }\n  - <<: *base\n    as: two\n    params: { <<: [{ c: 3 }, *p], b: 20 }\n";
    let conf = load(text).unwrap();
    let step = &conf.flows[0].steps[1];
    assert_eq!((step.fname.as_str(), step.name.as_str()), ("f", "two"));
    let params: Vec<String> = step
        .params
        .iter()
        .map(|p| format!("{}={:?}", p.key, p.value))
        .collect();
    assert_eq!(params, ["b=20", "c=3", "a=1"]);
}
