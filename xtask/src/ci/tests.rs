//! How the steps are told and counted.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use xshell::Shell;

use super::{STEPS, Step, line, names, run_steps};

const PASSES: Step = Step {
    name: "passes",
    run: |_| Ok(()),
};
const FAILS: Step = Step {
    name: "fails",
    run: |_| bail!("broken"),
};

fn check(steps: &[Step], expect: ExitCode) {
    let code = run_steps(&Shell::new().unwrap(), steps.iter());
    assert_eq!(format!("{code:?}"), format!("{expect:?}"));
}

#[test]
fn one_failed_step_fails_the_run() {
    check(&[], ExitCode::SUCCESS);
    check(&[PASSES, PASSES], ExitCode::SUCCESS);
    check(&[FAILS, PASSES], ExitCode::FAILURE);
}

#[test]
fn a_line_tells_name_outcome_and_time() {
    assert_eq!(
        line("fmt", true, Duration::from_millis(1_240)),
        "fmt        ok         1.2 s"
    );
    assert_eq!(
        line("doctests", false, Duration::from_secs(100)),
        "doctests   FAILED   100.0 s"
    );
}

#[test]
fn step_names_are_unique() {
    let mut sorted = names();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), STEPS.len());
}

#[test]
fn the_workflow_names_every_step_once_and_nothing_else() {
    let workflow =
        std::fs::read_to_string(crate::workspace::root().join(".github/workflows/ci.yml")).unwrap();
    let mut named: Vec<_> = workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- run: cargo xtask ci "))
        .flat_map(str::split_whitespace)
        .collect();
    named.sort_unstable();
    let mut expect = names();
    expect.sort_unstable();
    assert_eq!(named, expect);
}
