//! How many and how long faults are, and the seed of everything random.

use std::{
    env,
    sync::OnceLock,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A short number of faults for CI, a long one for `cargo xtask faults`.
pub(crate) fn scaled(short: u64, long: u64) -> u64 {
    if env::var("KIS_FAULTS_LONG").is_ok_and(|long| !long.is_empty()) {
        long
    } else {
        short
    }
}

/// A short time for CI, a long one for `cargo xtask faults --long`.
pub(crate) fn lasting(short: Duration, long: Duration) -> Duration {
    match env::var("KIS_FAULTS_LONG").as_deref() {
        Ok("times") => long,
        _ => short,
    }
}

/// How long a test waits for something: longer than anything takes that works, also on a busy machine.
pub(crate) fn patience() -> Duration {
    let given = env::var("KIS_FAULTS_PATIENCE").ok();
    Duration::from_secs(given.and_then(|seconds| seconds.parse().ok()).unwrap_or(120))
}

/// Lets time pass: a fault lasts so long, or comes after so long. Nothing is waited for by this.
#[expect(clippy::disallowed_methods, reason = "the time itself is the fault")]
pub(crate) fn pass(time: Duration) {
    thread::sleep(time);
}

/// Random numbers of a test, from the seed that is printed when it fails.
pub(crate) struct Random(u64);

impl Random {
    /// Other numbers for each name.
    pub(crate) fn of(name: &str) -> Random {
        static SEED: OnceLock<u64> = OnceLock::new();
        let seed = *SEED.get_or_init(|| {
            let given = env::var("KIS_FAULTS_SEED").ok();
            given.map_or_else(
                || {
                    u64::from(
                        SystemTime::now()
                            .duration_since(UNIX_EPOCH)
                            .unwrap()
                            .subsec_nanos(),
                    )
                },
                |seed| seed.parse().expect("KIS_FAULTS_SEED is a number"),
            )
        });
        println!("again with: cargo xtask faults --seed {seed} {name}");
        Random(name.bytes().fold(seed, |sum, byte| mix(sum ^ u64::from(byte))))
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0) % end.max(1)
    }

    /// A time below `end`.
    pub(crate) fn time(&mut self, end: Duration) -> Duration {
        Duration::from_micros(self.below(end.as_micros() as u64))
    }
}

/// The finaliser of SplitMix64.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
