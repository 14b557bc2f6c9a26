//! Flows made of random steps, faults, crashes, drains and restarts, held against what they promise: nothing is lost,
//! doubled or out of order, and each cut is consistent.
//!
//! `PROPTEST_CASES=5000 cargo test -p kis-core --test props` looks longer. A case that fails is printed as small as it
//! could be made, with its seed.

#![expect(
    unreachable_pub,
    reason = "functions and rows of flows are public in a user's crate too"
)]

mod case;
mod drive;
mod functions;
mod oracle;
mod snapshot;

use proptest::prelude::*;

use self::case::{Case, case};

/// How many cases a run of the tests looks at.
fn config(cases: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: wanted.and_then(|n| n.parse().ok()).unwrap_or(cases),
        // Threads race: a smaller case that passes once may fail at another time.
        max_shrink_iters: 300,
        max_shrink_time: 60_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[track_caller]
fn check(case: &Case) -> Result<(), TestCaseError> {
    drive::run(case).map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn every_cut_is_consistent_and_everything_settles(case in case(false)) {
        check(&case)?;
    }
}

proptest! {
    #![proptest_config(config(16))]

    #[test]
    fn the_same_on_files_that_are_opened_again_after_each_crash(case in case(true)) {
        check(&case)?;
    }
}
