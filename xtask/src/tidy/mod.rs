//! `cargo xtask tidy`: the invariants of the workspace, each a check over its texts; every one is a test, too.

mod rust;
mod tree;

mod crates;
mod files;
mod layers;
mod manifests;
mod readme;
mod words;

use std::fmt;
use std::process::ExitCode;

use anyhow::{Result, bail};

use self::tree::Tree;
use crate::workspace::{self, Package};

/// What the checks look at.
#[derive(Debug, Default)]
struct Workspace {
    tree: Tree,
    packages: Vec<Package>,
}

/// One invariant.
struct Check {
    name: &'static str,
    find: fn(&Workspace, &mut Findings),
}

const CHECKS: &[Check] = &[
    Check {
        name: "layers",
        find: layers::point_down,
    },
    Check {
        name: "crates",
        find: crates::depend_downwards,
    },
    Check {
        name: "manifests",
        find: manifests::take_from_the_root,
    },
    Check {
        name: "licences",
        find: manifests::licences_are_here,
    },
    Check {
        name: "headers",
        find: files::say_their_job,
    },
    Check {
        name: "lengths",
        find: files::are_short,
    },
    Check {
        name: "whitespace",
        find: files::end_lines_cleanly,
    },
    Check {
        name: "unfinished",
        find: words::nothing_unfinished,
    },
    Check {
        name: "attributes",
        find: words::lints_are_silenced_with_reason,
    },
    Check {
        name: "paths",
        find: words::no_path_of_this_machine,
    },
    Check {
        name: "readme",
        find: readme::agrees_with_the_examples,
    },
];

/// Where an invariant is broken, and how.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn push(&mut self, path: &str, line: usize, message: impl Into<String>) {
        self.0.push(Finding {
            path: path.to_owned(),
            line,
            message: message.into(),
        });
    }
}

pub(crate) fn run() -> Result<ExitCode> {
    check_workspace()?;
    println!("{} checks passed", CHECKS.len());
    Ok(ExitCode::SUCCESS)
}

/// All checks on this workspace; the error lists every finding.
pub(crate) fn check_workspace() -> Result<()> {
    let workspace = Workspace::load()?;
    let mut count = 0;
    for check in CHECKS {
        for finding in check.findings(&workspace) {
            eprintln!("{}: {finding}", check.name);
            count += 1;
        }
    }
    if count > 0 {
        bail!("{count} findings in the workspace");
    }
    Ok(())
}

impl Check {
    /// What this check finds, sorted by place.
    fn findings(&self, workspace: &Workspace) -> Vec<Finding> {
        let mut findings = Findings::default();
        (self.find)(workspace, &mut findings);
        findings.0.sort();
        findings.0
    }
}

impl Workspace {
    fn load() -> Result<Self> {
        Ok(Self {
            tree: Tree::read(&workspace::root())?,
            packages: workspace::packages(&workspace::shell()?)?,
        })
    }
}

#[cfg(test)]
mod tests;
