//! What Go's yaml.v3 makes of plain scalars.

use super::*;

#[test]
fn whole_numbers() {
    let check = |text: &str, value: Option<i64>| assert_eq!(int(text), value, "{text}");
    check("0", Some(0));
    check("-12", Some(-12));
    check("+12", Some(12));
    check("1_000", Some(1000));
    check("1__", Some(1));
    check("0x1F", Some(31));
    check("0o17", Some(15));
    check("017", Some(15));
    check("09", Some(9));
    check("0b101", Some(5));
    check("-0x10", Some(-16));
    check("10k", Some(10_000));
    check("9223372036854775807", Some(i64::MAX));
    check("-9223372036854775808", Some(i64::MIN));
    for wrong in [
        "",
        "-",
        "0x",
        "1.0",
        "1e3",
        "_1",
        "9223372036854775808",
        "--1",
        "0x-1",
        "٣",
    ] {
        check(wrong, None);
    }
}

#[test]
fn numbers() {
    let check = |text: &str, value: Option<f64>| assert_eq!(float(text), value, "{text}");
    check("1.5", Some(1.5));
    check("-1e3", Some(-1000.0));
    check("1", Some(1.0));
    check(".5", Some(0.5));
    check("1e400", Some(f64::INFINITY));
    check("-.inf", Some(f64::NEG_INFINITY));
    check(".inf", Some(f64::INFINITY));
    assert!(float(".nan").is_some_and(f64::is_nan));
    for wrong in ["", "e", "-", "inf", "nan", "1.2.3", "1 2", "2013-01-01"] {
        check(wrong, None);
    }
}

#[test]
fn any_type() {
    assert_eq!(resolve("true"), Resolved::Bool(true));
    assert_eq!(resolve("yes"), Resolved::Text("yes"));
    assert_eq!(resolve("10k"), Resolved::Text("10k"));
    assert_eq!(resolve("7"), Resolved::Int(7));
    assert_eq!(resolve("7.0"), Resolved::Float(7.0));
    assert_eq!(resolve("2013-01-01"), Resolved::Text("2013-01-01"));
    assert_eq!(
        (bool("yes"), bool("Off"), bool("oN"), bool("1")),
        (Some(true), Some(false), None, None)
    );
}
