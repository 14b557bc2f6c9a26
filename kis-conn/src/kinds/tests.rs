//! What is said about kinds that are not there.

use kis_conf::Place;

use super::*;
use crate::Position;

#[test]
fn absent_kinds_are_explained() {
    let check = |problem: fn(&Placed<String>) -> Problem, word: &str, expect: &str| {
        let kind = Placed::new(word.to_owned(), Place::new("conf/a.yml", 3, 7));
        assert_eq!(problem(&kind).to_string(), format!("conf/a.yml:3:7: {expect}"));
    };
    check(
        source_kind_problem,
        "kafka",
        "[KIS0125] type kafka of a source is not available in this version; this version has file, generate, memory, stdin",
    );
    check(
        connector_kind_problem,
        "redis",
        "[KIS0125] type redis of a connector is not available in this version; this version has file, memory, stdout, table",
    );
    check(
        connector_kind_problem,
        "tabel",
        "[KIS0122] unknown type tabel of a connector; did you mean table? (known: file, memory, stdout, table)",
    );
}

#[test]
fn every_kind_that_is_on_can_be_opened() {
    let on = |kinds: &[KindFeature]| {
        kinds
            .iter()
            .filter(|kind| kind.on)
            .map(|kind| kind.kind)
            .collect::<Vec<_>>()
    };
    let mut connectors: Vec<_> = connectors().iter().map(|info| info.kind).collect();
    let mut sources: Vec<_> = source_kinds().iter().map(|info| info.kind).collect();
    connectors.sort_unstable();
    sources.sort_unstable();
    assert_eq!(on(connector_kinds()), connectors);
    assert_eq!(on(source_kind_features()), sources);
}

#[test]
fn positions_are_read_as_they_are_shown() {
    let check = |kind: &str, stored: &'static str, shown: &str| {
        let kinds = source_kinds();
        let positions = kinds.iter().find(|known| known.kind == kind).unwrap().positions;
        let stored = Position::new(stored.as_bytes());
        assert_eq!((positions.show)(&stored), shown);
        assert_eq!((positions.parse)(shown), Ok(stored));
        assert!((positions.parse)("rows=1").is_err());
    };
    for kind in ["memory", "generate"] {
        check(kind, "1 row=57", "row=57");
    }
    check("stdin", "1 row=57 line=59", "row=57 line=59");
    let shown = "row=57 line=59 byte=3390 file=1024:00c0ffee00c0ffee";
    check(
        "file",
        "1 row=57 line=59 byte=3390 file=1024:00c0ffee00c0ffee",
        shown,
    );
}
