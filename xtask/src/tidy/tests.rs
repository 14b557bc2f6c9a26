//! Every invariant holds in this workspace, one test each.

use super::tree::Tree;
use super::{CHECKS, Check, Findings, Workspace};

/// Runs `check` on a workspace of these files and compares the findings, sorted by place.
pub(super) fn find(check: fn(&Workspace, &mut Findings), files: &[(&str, &str)], expect: &[&str]) {
    let workspace = Workspace {
        tree: Tree::of(files),
        ..Workspace::default()
    };
    let found: Vec<_> = Check {
        name: "",
        find: check,
    }
    .findings(&workspace)
    .iter()
    .map(ToString::to_string)
    .collect();
    assert_eq!(found, expect);
}

fn holds(name: &str) {
    let check = CHECKS.iter().find(|check| check.name == name).unwrap();
    let found: Vec<_> = check
        .findings(&Workspace::load().unwrap())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

macro_rules! each {
    ($($name:ident)*) => {
        $(#[test] fn $name() { holds(stringify!($name)); })*

        #[test]
        fn every_check_is_a_test() {
            let tested = [$(stringify!($name)),*];
            assert_eq!(CHECKS.iter().map(|check| check.name).collect::<Vec<_>>(), tested);
        }
    };
}

each! { layers crates manifests licences headers lengths whitespace unfinished attributes paths readme }
