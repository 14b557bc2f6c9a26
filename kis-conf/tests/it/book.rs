//! All YAML of the book is a configuration without a fault, and its reference names every key there is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::problems;

/// A document of each kind, with an unknown key in each of its maps: the message names the known ones.
const EACH: &[(&str, &str)] = &[
    ("flow", "kistype: flow\nflow_name: F\n"),
    ("source", "kistype: source\nsname: s\ntype: stdin\nflow: F\n"),
    ("conn", "kistype: conn\ncname: C\ntype: file\n"),
    ("func", "kistype: func\nfname: f\n"),
    ("global", "kistype: global\n"),
    ("job", "kistype: job\njname: j\ncron: \"0 2 * * *\"\nflow: F\n"),
    ("test", "kistype: test\nflow: F\ngiven: []\nexpect: {}\n"),
];

/// What maps stand in: `UNKNOWN` is where the key goes.
const MAPS: &[(&str, &[&str])] = &[
    (
        "flow",
        &[
            "UNKNOWN",
            "flows: [{ fname: f, UNKNOWN }]",
            "flows: [{ fname: f, state: { UNKNOWN } }]",
            "flows: [fname: f]\nlimits: { UNKNOWN }",
            "flows: [fname: f]\nparked: { UNKNOWN }",
            "flows: [fname: f]\non_error: { UNKNOWN }",
            "flows: [fname: f]\non_error: { retry: { UNKNOWN } }",
            "flows: [fname: f]\non_error: { budget: { UNKNOWN } }",
            "flows: [fname: f]\ndead_letter: { UNKNOWN }",
        ],
    ),
    (
        "source",
        &[
            "UNKNOWN",
            "order: { UNKNOWN }",
            "batch: { UNKNOWN }",
            "start: { UNKNOWN }",
        ],
    ),
    ("conn", &["UNKNOWN"]),
    ("func", &["UNKNOWN", "source: { UNKNOWN }", "option: { UNKNOWN }"]),
    (
        "global",
        &[
            "UNKNOWN",
            "store: { UNKNOWN }",
            "checkpoint: { UNKNOWN }",
            "drain: { UNKNOWN }",
            "limits: { UNKNOWN }",
        ],
    ),
    ("job", &["UNKNOWN"]),
    ("test", &["UNKNOWN"]),
];

#[test]
fn yaml_is_right() {
    let mut blocks = 0;
    for path in pages(&book()) {
        let page = fs::read_to_string(&path).unwrap();
        for text in page.split("\n```yaml\n").skip(1) {
            let (text, _) = text.split_once("\n```").unwrap();
            assert_eq!(problems(&format!("{text}\n")), "", "{}:\n{text}", path.display());
            blocks += 1;
        }
    }
    assert!(blocks > 20);
}

#[test]
fn the_reference_names_every_key() {
    let page = fs::read_to_string(book().join("reference/yaml.md")).unwrap();
    for (kind, begin) in EACH {
        let heading = format!("\n## kistype: {kind}\n");
        let (_, section) = page
            .split_once(&heading)
            .unwrap_or_else(|| panic!("no {heading}"));
        let section = section.split("\n## ").next().unwrap();
        let maps = MAPS.iter().find(|(of, _)| of == kind).unwrap().1;
        for map in maps {
            let told = problems(&format!("{begin}{}\n", map.replace("UNKNOWN", "zzz: 1")));
            for key in known(&told, map) {
                assert!(
                    key == "kistype" || section.contains(&format!("`{key}`")),
                    "{kind}: {map}: the reference does not name `{key}`"
                );
            }
        }
    }
}

/// The known keys that the message about `zzz` names.
fn known<'a>(told: &'a str, map: &str) -> Vec<&'a str> {
    let line = told.lines().find(|line| line.contains("unknown key zzz"));
    let line = line.unwrap_or_else(|| panic!("{map}: zzz is taken\n{told}"));
    let (_, keys) = line.split_once("known: ").unwrap_or_else(|| panic!("{line}"));
    keys.trim_end_matches(')').split(", ").collect()
}

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src")
}

fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages.extend(self::pages(&path));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            pages.push(path);
        }
    }
    pages
}
