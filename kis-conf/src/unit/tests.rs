//! Numbers with units, read and written.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[test]
fn durations() {
    let check = |text: &str, millis: Option<u64>| {
        assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
    };
    check("0", Some(0));
    check("100ms", Some(100));
    check("30s", Some(30_000));
    check("1.5s", Some(1_500));
    check("1m", Some(60_000));
    check("1h30m", Some(5_400_000));
    check("30d", Some(2_592_000_000));
    check("2000us", Some(2));
    check("2000µs", Some(2));
    check("1000000ns", Some(1));
    for wrong in [
        "",
        "30",
        "s",
        "1.s",
        ".5s",
        "1 s",
        "-1s",
        "1S",
        "1.0000000000000000000s",
        "1.1ns",
        "1s2",
        "1w",
    ] {
        check(wrong, None);
    }
    assert_eq!(nanos("999999999999d"), Err(Fault::TooLarge));
    assert_eq!(nanos("213503d213503d"), Err(Fault::TooLarge));
}

#[test]
fn sizes_and_counts() {
    for (text, size) in [
        ("1024", 1024),
        ("256KiB", 256 << 10),
        ("4MiB", 4 << 20),
        ("1.5GiB", 3 << 29),
        ("10MB", 10_000_000),
        ("4 MiB", 4 << 20),
    ] {
        assert_eq!(bytes(text), Some(size), "{text}");
    }
    for (text, number) in [
        ("10k", 10_000),
        ("10K", 10_000),
        ("1M", 1_000_000),
        ("2.5M", 2_500_000),
        ("1_000", 1_000),
    ] {
        assert_eq!(count(text), Some(number), "{text}");
    }
    for wrong in ["", "k", "4MIB", "-1", "1.5", "0.3B", "4 apples"] {
        assert_eq!((bytes(wrong), count(wrong)), (None, None), "{wrong}");
    }
    assert_eq!(size("99999999999TiB"), Err(Fault::TooLarge));
}

#[test]
fn ranges() {
    let ms = Duration::from_millis;
    assert_eq!(duration_range("100ms..10s"), Some((ms(100), ms(10_000))));
    assert_eq!(duration_range("1s .. 1s"), Some((ms(1000), ms(1000))));
    assert_eq!(duration_range("1s"), Some((ms(1000), ms(1000))));
    for wrong in ["10s..1s", "..", "1s..", "..1s", "1..2", "1s...2s"] {
        assert_eq!(duration_range(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(number: u64) {
        prop_assert_eq!(duration(&show_duration(Duration::from_nanos(number))), Some(Duration::from_nanos(number)));
        prop_assert_eq!(bytes(&show_bytes(number)), Some(number));
    }
}
