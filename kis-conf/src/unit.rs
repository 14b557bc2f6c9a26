//! Numbers with a unit: durations, sizes, counts and ranges, read and written.

use std::time::Duration;

/// Nanoseconds in each unit of time, largest first.
const TIME: &[(&str, u64)] = &[
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// Bytes in each unit of size; the first that divides a size exactly is used to write it.
const SIZE: &[(&str, u64)] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Things in each unit of count.
const COUNT: &[(&str, u64)] = &[("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000), ("K", 1_000)];

/// A duration such as `100ms`, `30s`, `1m`, `1h`, `30d`, `1h30m`, `1.5s`, or `0`.
///
/// ```
/// use std::time::Duration;
/// use kis_conf::unit::duration;
/// assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
/// assert_eq!(duration("1.5s"), Some(Duration::from_millis(1500)));
/// assert_eq!(duration("30"), None);
/// ```
pub fn duration(text: &str) -> Option<Duration> {
    nanos(text).ok().map(Duration::from_nanos)
}

/// A size such as `4MiB`, `256KiB`, `10MB`, or a number of bytes.
pub fn bytes(text: &str) -> Option<u64> {
    size(text).ok()
}

/// A count such as `10k`, `1M`, or a plain number.
pub fn count(text: &str) -> Option<u64> {
    with_unit(text, COUNT).ok()
}

/// A range of durations such as `100ms..10s`; a single duration is a range of its own.
pub fn duration_range(text: &str) -> Option<(Duration, Duration)> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (from, to) = (duration(from.trim())?, duration(to.trim())?);
    (from <= to).then_some((from, to))
}

/// Writes a duration so that [`duration`] reads the same.
pub fn show_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    match TIME
        .iter()
        .find(|(_, unit)| nanos > 0 && nanos.is_multiple_of(u128::from(*unit)))
    {
        Some((name, unit)) => format!("{}{name}", nanos / u128::from(*unit)),
        None => "0".to_owned(),
    }
}

/// Writes a size so that [`bytes`] reads the same.
pub fn show_bytes(bytes: u64) -> String {
    match SIZE
        .iter()
        .find(|(name, unit)| *name != "B" && bytes > 0 && bytes.is_multiple_of(*unit))
    {
        Some((name, unit)) => format!("{}{name}", bytes / unit),
        None => bytes.to_string(),
    }
}

/// Why a text is no number with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is something else.
    Form,
    /// It is more than can be counted.
    TooLarge,
}

/// A size in bytes, or why it is none.
pub(crate) fn size(text: &str) -> Result<u64, Fault> {
    with_unit(text, SIZE)
}

/// A duration in nanoseconds: numbers with units, one behind the other.
pub(crate) fn nanos(text: &str) -> Result<u64, Fault> {
    if text == "0" {
        return Ok(0);
    }
    let mut rest = text;
    let mut nanos: u64 = 0;
    while !rest.is_empty() {
        let number = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or(Fault::Form)?;
        let (value, tail) = rest.split_at(number);
        let end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        nanos = nanos
            .checked_add(scaled(value, lookup(TIME, unit)?)?)
            .ok_or(Fault::TooLarge)?;
        rest = tail;
    }
    if text.is_empty() {
        Err(Fault::Form)
    } else {
        Ok(nanos)
    }
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Result<u64, Fault> {
    let number = text
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')
        .unwrap_or(text.len());
    let (value, unit) = text.split_at(number);
    if value.starts_with('_') {
        return Err(Fault::Form);
    }
    match unit.trim_start() {
        "" => whole(&value.replace('_', "")),
        unit => scaled(&value.replace('_', ""), lookup(units, unit)?),
    }
}

fn lookup(units: &[(&str, u64)], name: &str) -> Result<u64, Fault> {
    units
        .iter()
        .find(|(unit, _)| *unit == name)
        .map(|(_, size)| *size)
        .ok_or(Fault::Form)
}

/// `1.5` times a unit, if that is a whole number.
fn scaled(value: &str, unit: u64) -> Result<u64, Fault> {
    let Some((number, fraction)) = value.split_once('.') else {
        return whole(value)?.checked_mul(unit).ok_or(Fault::TooLarge);
    };
    if !(1..=18).contains(&fraction.len()) {
        return Err(Fault::Form);
    }
    let part = u128::from(whole(fraction)?) * u128::from(unit);
    let scale = 10u128.pow(fraction.len() as u32);
    if !part.is_multiple_of(scale) {
        return Err(Fault::Form);
    }
    let result = u128::from(whole(number)?) * u128::from(unit) + part / scale;
    u64::try_from(result).map_err(|_| Fault::TooLarge)
}

fn whole(digits: &str) -> Result<u64, Fault> {
    match !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        true => digits.parse().map_err(|_| Fault::TooLarge),
        false => Err(Fault::Form),
    }
}

#[cfg(test)]
mod tests;
