//! Which dependencies are refused.

use super::super::{Findings, Workspace};
use super::depend_downwards;
use crate::workspace::{Dependency, Package};

#[derive(Clone, Copy)]
enum Kind {
    Normal,
    Dev,
    Optional,
}
use Kind::{Dev, Normal, Optional};

fn check(crates: &[(&str, &[(&str, Kind)])], expect: &[&str]) {
    let dependency = |&(name, kind): &(&str, Kind)| Dependency {
        name: name.to_owned(),
        dev: matches!(kind, Dev),
        optional: matches!(kind, Optional),
    };
    let package = |&(name, dependencies): &(&str, &[(&str, Kind)])| Package {
        name: name.to_owned(),
        features: Vec::new(),
        dependencies: dependencies.iter().map(dependency).collect(),
    };
    let workspace = Workspace {
        packages: crates.iter().map(package).collect(),
        ..Workspace::default()
    };
    let mut findings = Findings::default();
    depend_downwards(&workspace, &mut findings);
    let found: Vec<_> = findings.0.iter().map(ToString::to_string).collect();
    assert_eq!(found, expect);
}

#[test]
fn down_is_allowed_up_is_not() {
    check(
        &[
            ("kis-conf", &[("serde", Normal)]),
            ("kis-macros", &[("kis-conf", Normal)]),
        ],
        &[],
    );
    check(
        &[("kis-conf", &[("kis-conn", Normal)]), ("kis-conn", &[])],
        &["kis-conf/Cargo.toml:1: kis-conf must not depend on kis-conn"],
    );
    check(
        &[("kis-conn", &[("kis-core", Optional)]), ("kis-core", &[])],
        &["kis-conn/Cargo.toml:1: kis-conn must not depend on kis-core"],
    );
}

#[test]
fn tests_may_point_upwards() {
    check(&[("kis-macros", &[("kis-core", Dev)]), ("kis-core", &[])], &[]);
}

#[test]
fn the_examples_need_kis_core_alone() {
    check(
        &[
            (
                "kis-examples",
                &[("kis-core", Normal), ("serde_json", Optional), ("tempfile", Dev)],
            ),
            ("kis-core", &[]),
        ],
        &[],
    );
    check(
        &[("kis-examples", &[("serde", Normal)])],
        &["kis-examples/Cargo.toml:1: the examples need kis-core alone; serde must be optional or go"],
    );
}

#[test]
fn a_new_crate_must_be_given_its_place() {
    check(
        &[("kis-extra", &[])],
        &["kis-extra/Cargo.toml:1: crate kis-extra is new; say in xtask/src/tidy/crates.rs what it may use"],
    );
}
