//! `cargo xtask ci`: everything CI does, step by step, with the time of each.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::flags::CiFlags;
use crate::{faults, fuzz, tidy, workspace};

/// One thing CI demands.
struct Step {
    name: &'static str,
    run: fn(&Shell) -> Result<()>,
}

/// In the order in which a mistake is most likely found early.
const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        run: fmt,
    },
    Step {
        name: "tidy",
        run: tidy_step,
    },
    Step {
        name: "typos",
        run: typos,
    },
    Step {
        name: "deny",
        run: deny,
    },
    Step {
        name: "clippy",
        run: clippy,
    },
    Step {
        name: "tests",
        run: tests_step,
    },
    Step {
        name: "doctests",
        run: doctests,
    },
    Step {
        name: "faults",
        run: faults_step,
    },
    Step {
        name: "editor",
        run: editor,
    },
    Step {
        name: "docs",
        run: docs,
    },
    Step {
        name: "features",
        run: features,
    },
    Step {
        name: "fuzz",
        run: fuzz_builds,
    },
];

/// The crates whose features are built one by one.
const FEATURED: &[&str] = &["kis-conn", "kis-core"];

/// The names of the steps, in their order.
pub(crate) fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

pub(crate) fn run(flags: &CiFlags) -> Result<ExitCode> {
    let sh = workspace::shell()?;
    sh.set_var("INSTA_UPDATE", "no");
    let chosen = STEPS
        .iter()
        .filter(|step| flags.steps.is_empty() || flags.steps.iter().any(|s| s == step.name));
    Ok(run_steps(&sh, chosen))
}

/// Runs every step, also behind one that failed, so that one run tells all.
fn run_steps<'a>(sh: &Shell, steps: impl Iterator<Item = &'a Step>) -> ExitCode {
    let mut lines = Vec::new();
    let mut failed = 0;
    for step in steps {
        eprintln!("\n=== {} ===", step.name);
        let start = Instant::now();
        let done = (step.run)(sh);
        let took = start.elapsed();
        if let Err(error) = &done {
            eprintln!("error: {error:#}");
            failed += 1;
        }
        lines.push(line(step.name, done.is_ok(), took));
    }
    println!(
        "\n{}\n{} passed, {failed} failed",
        lines.join("\n"),
        lines.len() - failed
    );
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn line(name: &str, passed: bool, took: Duration) -> String {
    let word = if passed { "ok" } else { "FAILED" };
    format!("{name:<10} {word:<6} {:>7.1} s", took.as_secs_f64())
}

fn fmt(sh: &Shell) -> Result<()> {
    Ok(cmd!(sh, "cargo fmt --all --check").run()?)
}

fn tidy_step(_: &Shell) -> Result<()> {
    tidy::check_workspace()
}

fn typos(sh: &Shell) -> Result<()> {
    cmd!(sh, "typos").run().context(
        "`typos` found a mistake or is not installed (`cargo install --locked --debug typos-cli@1.52.0`)",
    )
}

/// The advisory database must be fetched, so it is no part of this.
fn deny(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo deny --all-features check licenses bans sources").run().context(
        "`cargo deny` found a fault or is not installed (`cargo install --locked --debug cargo-deny@0.20.2`)",
    )
}

fn clippy(sh: &Shell) -> Result<()> {
    Ok(cmd!(
        sh,
        "cargo clippy --locked --workspace --all-targets --features kis-examples/faults -- -D warnings"
    )
    .run()?)
}

/// nextest where it is installed, for its time limits; else cargo's own runner, which everyone has.
fn tests_step(sh: &Shell) -> Result<()> {
    if cmd!(sh, "cargo nextest --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
    {
        Ok(cmd!(sh, "cargo nextest run --locked --workspace --profile ci").run()?)
    } else {
        Ok(cmd!(
            sh,
            "cargo test --locked --workspace --no-fail-fast --lib --bins --tests"
        )
        .run()?)
    }
}

fn doctests(sh: &Shell) -> Result<()> {
    Ok(cmd!(sh, "cargo test --locked --workspace --doc --no-fail-fast").run()?)
}

/// Few and short faults; `cargo xtask faults` has many and long ones.
fn faults_step(sh: &Shell) -> Result<()> {
    Ok(faults::tests(sh, &[]).run()?)
}

/// What an editor shows, asked of rust-analyzer. rustup brings it; where it cannot, for want of a network, the step
/// says so and is left out.
fn editor(sh: &Shell) -> Result<()> {
    let add = cmd!(sh, "rustup component add rust-analyzer rust-src");
    if let Err(error) = add.quiet().run() {
        eprintln!("left out: rust-analyzer cannot be had here ({error})");
        return Ok(());
    }
    Ok(cmd!(
        sh,
        "cargo test --locked -p kis-macros --features editor --test editor"
    )
    .run()?)
}

fn docs(sh: &Shell) -> Result<()> {
    let docs = cmd!(sh, "cargo doc --locked --workspace --no-deps");
    Ok(docs.env("RUSTDOCFLAGS", "-D warnings").run()?)
}

/// Each feature alone must build; all of them together is what the other steps build.
fn features(sh: &Shell) -> Result<()> {
    let packages = workspace::packages(sh)?;
    for name in FEATURED {
        let package = packages.iter().find(|package| package.name == *name);
        let package = package.with_context(|| format!("no crate {name} in the workspace"))?;
        let each = package.features.iter().filter(|feature| *feature != "default");
        let each = each.map(|feature| vec!["--features", feature.as_str()]);
        for only in std::iter::once(Vec::new()).chain(each) {
            let clippy = cmd!(
                sh,
                "cargo clippy --locked -p {name} --no-default-features {only...} -- -D warnings"
            );
            clippy.run()?;
        }
    }
    Ok(())
}

/// With cargo-fuzz the targets are built as they run; without it they must at least compile.
fn fuzz_builds(sh: &Shell) -> Result<()> {
    let mut dirs: Vec<_> = fuzz::targets(&workspace::root())?
        .into_iter()
        .map(|target| target.dir)
        .collect();
    dirs.sort();
    dirs.dedup();
    if dirs.is_empty() {
        bail!("no fuzz target in the workspace");
    }
    let installed = fuzz::is_installed(sh);
    for dir in dirs {
        if installed {
            let (key, value) = fuzz::UNSTABLE;
            cmd!(sh, "cargo fuzz build --fuzz-dir {dir}")
                .env(key, value)
                .run()?;
        } else {
            let manifest = dir.join("Cargo.toml");
            cmd!(sh, "cargo check --manifest-path {manifest}").run()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
