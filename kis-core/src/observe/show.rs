//! Numbers, durations and rates as people read them.

use std::time::Duration;

/// A count with thousands separators: `1,234,567`.
///
/// ```
/// assert_eq!(kis_core::observe::show::count(1_234_567), "1,234,567");
/// ```
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration with as many digits as matter: `850 µs`, `12 ms`, `3.42 s`, `1 m 05 s`, `2 h 03 m`, `3 d 04 h`.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(kis_core::observe::show::took(Duration::from_millis(3_421)), "3.42 s");
/// ```
pub fn took(time: Duration) -> String {
    let seconds = time.as_secs();
    match time.as_nanos() {
        0 => "0 s".to_owned(),
        1..1_000 => format!("{} ns", time.as_nanos()),
        1_000..1_000_000 => format!("{} µs", time.as_micros()),
        1_000_000..1_000_000_000 => format!("{} ms", time.as_millis()),
        _ if seconds < 10 => format!("{seconds}.{:02} s", time.subsec_millis() / 10),
        _ if seconds < 60 => format!("{seconds}.{} s", time.subsec_millis() / 100),
        _ if seconds < 3_600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ if seconds < 86_400 => format!("{} h {:02} m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// Things per second, without a unit: `1,234,567`. A dash where no time has passed.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(kis_core::observe::show::rate(3_000, Duration::from_secs(2)), "1,500");
/// ```
pub fn rate(n: u64, time: Duration) -> String {
    if time.is_zero() {
        return "-".to_owned();
    }
    count((n as f64 / time.as_secs_f64()).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(show: impl Fn(T) -> String, cases: impl IntoIterator<Item = (T, &'static str)>) {
        for (value, expect) in cases {
            assert_eq!(show(value), expect);
        }
    }

    #[test]
    fn counts() {
        check(
            count,
            [
                (0, "0"),
                (7, "7"),
                (999, "999"),
                (1_000, "1,000"),
                (12_345, "12,345"),
                (336_776, "336,776"),
                (1_234_567, "1,234,567"),
                (u64::MAX, "18,446,744,073,709,551,615"),
            ],
        );
    }

    #[test]
    fn durations() {
        check(
            took,
            [
                (Duration::ZERO, "0 s"),
                (Duration::from_nanos(999), "999 ns"),
                (Duration::from_micros(1), "1 µs"),
                (Duration::from_micros(999_999), "999 ms"),
                (Duration::from_millis(1_000), "1.00 s"),
                (Duration::from_millis(3_429), "3.42 s"),
                (Duration::from_millis(9_999), "9.99 s"),
                (Duration::from_millis(10_999), "10.9 s"),
                (Duration::from_secs(60), "1 m 00 s"),
                (Duration::from_secs(3_599), "59 m 59 s"),
                (Duration::from_secs(7_380), "2 h 03 m"),
                (Duration::from_secs(86_400 * 3 + 3_600 * 4 + 59), "3 d 04 h"),
            ],
        );
    }

    #[test]
    fn rates() {
        check(
            |(n, millis)| rate(n, Duration::from_millis(millis)),
            [
                ((0, 0), "-"),
                ((0, 1), "0"),
                ((3, 2_000), "2"),
                ((336_776, 500), "673,552"),
            ],
        );
    }
}
