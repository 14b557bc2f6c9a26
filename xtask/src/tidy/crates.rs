//! Which crate may depend on which. Tests may point upwards, code may not.

use super::{Findings, Workspace};

/// Each crate with those of the workspace that it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("kis-conf", &[]),
    ("kis-macros", &["kis-conf"]),
    ("kis-conn", &["kis-conf", "kis-macros"]),
    ("kis-core", &["kis-conf", "kis-conn", "kis-macros"]),
    ("kis-examples", &["kis-core"]),
    ("xtask", &["kis-conf"]),
];

/// The crate that shows what users need: kis-core, and nothing else.
const EXAMPLES: &str = "kis-examples";

pub(super) fn depend_downwards(workspace: &Workspace, findings: &mut Findings) {
    let members: Vec<_> = workspace
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    for package in &workspace.packages {
        let manifest = format!("{}/Cargo.toml", package.name);
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
            let message = format!(
                "crate {} is new; say in xtask/src/tidy/crates.rs what it may use",
                package.name
            );
            findings.push(&manifest, 1, message);
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| !dependency.dev) {
            let name = dependency.name.as_str();
            if members.contains(&name) && !allowed.contains(&name) {
                findings.push(
                    &manifest,
                    1,
                    format!("{} must not depend on {name}", package.name),
                );
            }
            // What the benchmarks compare with is optional, so users' builds never see it.
            if package.name == EXAMPLES && !members.contains(&name) && !dependency.optional {
                let message = format!("the examples need kis-core alone; {name} must be optional or go");
                findings.push(&manifest, 1, message);
            }
        }
    }
}

#[cfg(test)]
mod tests;
