//! Which uses go up.

use super::super::tests::find;
use super::{module_path, point_down, root_names};

fn check(path: &str, text: &str, expect: &[&str]) {
    find(point_down, &[(path, text)], expect);
}

const UP: &str = "uses engine, which is above it; the layers are error <- row <- state <- function <- link \
                  <- registry <- flow <- graph <- observe <- engine <- program <- admin <- cli <- app";

#[test]
fn a_use_downwards_is_fine() {
    check(
        "kis-core/src/engine/lane.rs",
        "use crate::row::Batch;\nuse crate::{flow::Plan, row};\n",
        &[],
    );
    check(
        "kis-core/src/row/batch.rs",
        "use crate::row::Rows;\nuse super::Row;\n",
        &[],
    );
}

#[test]
fn a_use_upwards_is_found_in_every_form() {
    let expect = |line: usize| format!("kis-core/src/row/batch.rs:{line}: row {UP}");
    for (text, line) in [
        ("use crate::engine::Lane;", 1),
        (
            "//! Job.\n\nuse crate::{\n    error::{Error, Result},\n    engine::Lane,\n};",
            3,
        ),
        ("use super::super::engine::Lane;", 1),
        ("\nfn f() -> crate::engine::Lane { x }", 2),
        ("use crate::{engine};", 1),
    ] {
        check("kis-core/src/row/batch.rs", text, &[&expect(line)]);
    }
}

#[test]
fn comments_texts_and_tests_are_no_use() {
    for text in [
        "/// See [`crate::engine::Lane`].",
        "const A: &str = \"crate::engine\";",
        "#[cfg(test)]\nmod tests {\n    use crate::engine::Lane;\n}",
        "macro_rules! m { () => { $crate::engine::run() } }",
    ] {
        check("kis-core/src/row/mod.rs", text, &[]);
    }
    check("kis-core/src/row/tests.rs", "use crate::engine::Lane;", &[]);
    check("kis-conn/src/row.rs", "use crate::engine::Lane;", &[]);
}

#[test]
fn the_facade_names_everything_and_nobody_names_it() {
    check("kis-core/src/prelude.rs", "pub use crate::engine::App;", &[]);
    check("kis-core/src/lib.rs", "pub use crate::engine::App;", &[]);
    let text = "use crate::prelude::*;\nuse crate::Row;";
    let expect = [
        "kis-core/src/engine/mod.rs:1: crate::prelude names no layer; use the module that defines it",
        "kis-core/src/engine/mod.rs:2: crate::Row names no layer; use the module that defines it",
    ];
    check("kis-core/src/engine/mod.rs", text, &expect);
}

#[test]
fn a_module_without_a_layer_is_found() {
    let expect =
        "kis-core/src/extra.rs:1: module extra has no layer; name it in LAYERS of xtask/src/tidy/layers.rs";
    check("kis-core/src/extra.rs", "", &[expect]);
}

#[test]
fn paths_become_modules() {
    assert_eq!(module_path("kis-core/src/row/batch.rs"), ["row", "batch"]);
    assert_eq!(module_path("kis-core/src/row/mod.rs"), ["row"]);
    assert_eq!(module_path("kis-core/src/link.rs"), ["link"]);
    assert_eq!(module_path("kis-core/src/lib.rs"), [""; 0]);
}

#[test]
fn only_the_whole_climb_reaches_the_root() {
    assert_eq!(
        root_names("super::a super::super::b super::super::super::c", 2),
        [(9, "b")]
    );
}
