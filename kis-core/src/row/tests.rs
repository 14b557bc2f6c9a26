//! Rows from bytes and from other rows, and what is said when they do not fit.

use bytes::Bytes;
use jiff::civil::Date;
use kis_conn::{CsvLayout, Layout, RawRows};
use kis_macros::{FieldValue, Row};
use proptest::prelude::*;

use super::{Batch, Fails, Kind, Origin, Row, Rows, Value};

#[derive(Row, Debug, PartialEq, Clone)]
struct Flight {
    carrier: String,
    #[row(rename = "flight")]
    number: i32,
    dep_delay: Option<f64>,
    #[serde(default)]
    day: Option<Date>,
    #[row(default)]
    kind: Class,
}

#[derive(FieldValue, Debug, PartialEq, Clone, Copy, Default)]
#[serde(rename_all = "lowercase")]
enum Class {
    #[default]
    Economy,
    First,
}

#[derive(Row, Debug, PartialEq)]
struct Delay {
    carrier: String,
    flight: i64,
    dep_delay: Option<f64>,
}

#[derive(Row, Debug, PartialEq)]
struct Line {
    text: String,
}

#[derive(Row, Debug, PartialEq)]
struct Deep {
    inner: Delay,
    list: Vec<i32>,
    bytes: Bytes,
    #[row(json)]
    any: std::collections::BTreeSet<u8>,
}

fn raw(layout: Layout, rows: &[&str]) -> Batch {
    Batch::new_raw(RawRows::from_rows("test", 1, layout, rows))
}

fn csv(columns: &[&str], rows: &[&str]) -> Batch {
    let layout = CsvLayout {
        columns: columns.iter().map(ToString::to_string).collect(),
        delimiter: b',',
        quote: b'"',
        na: vec!["NA".into(), String::new()],
    };
    raw(Layout::Csv(layout), rows)
}

/// The rows as `T`, or why not.
fn read<T: Row>(mut batch: Batch) -> Vec<String> {
    let mut fails = Fails::default();
    batch.view::<T>(&mut fails);
    let mut out: Vec<String> = fails
        .iter()
        .map(|fail| format!("{}: {}", fail.index, fail.error))
        .collect();
    let mut rows = Rows::typed(batch.take::<T>(&mut fails));
    rows.retain(&vec![true; rows.len()]);
    for i in 0..rows.len() {
        let mut json = Vec::new();
        rows.json(i, &mut json).unwrap();
        out.push(String::from_utf8(json).unwrap());
    }
    out
}

fn check<T: Row>(batch: Batch, expect: &[&str]) {
    assert_eq!(read::<T>(batch), expect);
}

#[test]
fn json_becomes_the_type() {
    check::<Flight>(
        raw(
            Layout::Json,
            &[r#"{"carrier":"UA","flight":7,"dep_delay":null,"day":"2013-01-02","kind":"first","x":1}"#],
        ),
        &[r#"{"carrier":"UA","flight":7,"dep_delay":null,"day":"2013-01-02","kind":"first"}"#],
    );
    check::<Flight>(
        raw(
            Layout::Json,
            &[r#"{"carrier":"UA"}"#, "[", r#"{"carrier":"AA","flight":1}"#],
        ),
        &[
            "0: cannot be read as Flight: missing field `flight` at line 1 column 16",
            "1: cannot be read as Flight: EOF while parsing a list at line 1 column 1",
            r#"{"carrier":"AA","flight":1,"dep_delay":null,"day":null,"kind":"economy"}"#,
        ],
    );
}

#[test]
fn csv_becomes_the_type() {
    let columns = ["flight", "x", "carrier", "dep_delay", "kind"];
    check::<Flight>(
        csv(
            &columns,
            &[
                "7,,UA,-1.5,first",
                "8,\"a,b\",\"U \"\"A\",NA,NA\r\n",
                "9,,\"NA\",,economy",
            ],
        ),
        &[
            r#"{"carrier":"UA","flight":7,"dep_delay":-1.5,"day":null,"kind":"first"}"#,
            r#"{"carrier":"U \"A","flight":8,"dep_delay":null,"day":null,"kind":"economy"}"#,
            r#"{"carrier":"NA","flight":9,"dep_delay":null,"day":null,"kind":"economy"}"#,
        ],
    );
    check::<Flight>(
        csv(
            &columns,
            &[
                "x,,UA,1,first",
                "NA,,UA,1,first",
                "1,,NA,1,first",
                "1,2",
                "1,,UA,1,second",
                "1,,\"UA,1,first",
            ],
        ),
        &[
            "0: column flight is \"x\", which is not a value of i32",
            "1: column flight is \"NA\", which stands for no value, but Flight wants i32; make the field an Option",
            "2: column carrier is \"NA\", which stands for no value, but Flight wants String; make the field an Option",
            "3: the record has 2 columns, the header has 5",
            "4: column kind is \"second\", which is not a value of Class",
            "5: a quoted text of the record has no closing quote",
        ],
    );
    check::<Flight>(
        csv(&["flight"], &["7"]),
        &["0: column carrier: String of Flight is missing"],
    );
}

#[test]
fn raw_bytes_become_a_type_of_one_field() {
    check::<Line>(
        raw(Layout::Raw, &["any \"text\""]),
        &[r#"{"text":"any \"text\""}"#],
    );
    check::<Delay>(
        raw(Layout::Raw, &["x"]),
        &["0: raw bytes cannot become Delay: a type for raw rows has one field of String, Vec<u8> or Bytes"],
    );
}

#[test]
fn rows_are_seen_as_another_type() {
    let flight = |number, delay| Flight {
        carrier: "UA".into(),
        number,
        dep_delay: delay,
        day: None,
        kind: Class::First,
    };
    let mut batch = Batch::new_typed(vec![flight(1, None), flight(2, Some(0.5))]);
    let mut fails = Fails::default();
    let seen = batch.view::<Delay>(&mut fails);
    assert_eq!(
        seen[1],
        Delay {
            carrier: "UA".into(),
            flight: 2,
            dep_delay: Some(0.5)
        }
    );
    batch.retain(&[false, true]);
    assert_eq!(batch.view::<Delay>(&mut fails).len(), 1);
    assert_eq!(batch.view::<Flight>(&mut fails)[0].number, 2);
    assert_eq!(batch.origin_of(0), Some(1));
}

#[test]
fn rows_inside_rows_are_copied_and_seen() {
    let row = Deep {
        inner: Delay {
            carrier: "UA".into(),
            flight: 1,
            dep_delay: None,
        },
        list: vec![1, 2],
        bytes: Bytes::from_static(b"ab"),
        any: [3].into(),
    };
    assert_eq!(Row::copy(&row), row);
    assert_eq!(
        format!("{:?}", (0..4).map(|i| Row::field(&row, i)).collect::<Vec<_>>()),
        r#"[Delay { carrier: "UA", flight: 1, dep_delay: null }, [1, 2], [97, 98], [3]]"#
    );
    let again = Deep::build(&mut |i| Row::field(&row, i)).unwrap();
    assert_eq!(again, row);
    assert!(Deep::build(&mut |_| Value::Missing).is_err());
}

#[test]
fn fields_are_found_by_name() {
    let rows = raw(Layout::Json, &[r#"{"a":1,"b":"x"}"#]);
    assert!(matches!(rows.field(0, "a"), Value::Int(1)));
    assert!(matches!(rows.field(0, "c"), Value::Missing));
    let rows = csv(&["a", "b"], &["1,NA"]);
    assert!(matches!(rows.field(0, "a"), Value::Text("1")));
    assert!(matches!(rows.field(0, "b"), Value::Null));
}

#[test]
fn kinds_fit_where_nothing_is_lost() {
    const I64: Kind = Kind::Int(64);
    let fits = [
        (Kind::Int(32), I64),
        (Kind::UInt(32), I64),
        (Kind::Int(32), Kind::Float(64)),
        (I64, Kind::Opt(&I64)),
    ];
    let unfit = [
        (I64, Kind::Int(32)),
        (Kind::UInt(64), I64),
        (I64, Kind::Float(64)),
        (Kind::Opt(&I64), I64),
        (Kind::Text, I64),
    ];
    assert!(fits.iter().all(|(a, b)| a.fits(*b)));
    assert!(unfit.iter().all(|(a, b)| !a.fits(*b)));
    assert_eq!(Kind::Opt(&Kind::List(&I64)).to_string(), "Option<Vec<i64>>");
}

#[test]
fn the_fingerprint_ignores_order_and_sees_kinds() {
    mod other {
        #[derive(kis_macros::Row)]
        pub(super) struct Delay {
            pub(super) dep_delay: Option<f64>,
            pub(super) flight: i64,
            pub(super) carrier: String,
        }
    }
    assert_eq!(Delay::SHAPE.fingerprint(), other::Delay::SHAPE.fingerprint());
    assert_ne!(Delay::SHAPE.fingerprint(), Flight::SHAPE.fingerprint());
    assert!(!Delay::SHAPE.same(other::Delay::SHAPE));
}

proptest! {
    /// Origins compose as functions do.
    #[test]
    fn origins_compose(first in prop::collection::vec(any::<bool>(), 1..20), second in prop::collection::vec(any::<bool>(), 20)) {
        let mut origin = Origin::Same;
        origin.retain(&first);
        let kept: Vec<u32> = (0..).zip(&first).filter(|(_, k)| **k).map(|(i, _)| i).collect();
        let second = &second[..kept.len()];
        origin.retain(second);
        let expect: Vec<u32> = kept.iter().zip(second).filter(|(_, k)| **k).map(|(i, _)| *i).collect();
        prop_assert_eq!(origin.clone(), Origin::Each(expect.clone()));
        let doubled: Vec<u32> = (0..expect.len() as u32).flat_map(|i| [i, i]).collect();
        let expect: Vec<u32> = expect.iter().flat_map(|i| [*i, *i]).collect();
        prop_assert_eq!(origin.then(Origin::Each(doubled)), Origin::Each(expect));
    }

    /// A record without quotes and one with every text in quotes say the same.
    #[test]
    fn quotes_change_nothing(texts in prop::collection::vec("[a-z ]{1,6}", 1..6)) {
        let columns: Vec<String> = (0..texts.len()).map(|i| format!("c{i}")).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let plain = csv(&columns, &[&texts.join(",")]);
        let quoted = csv(&columns, &[&texts.iter().map(|t| format!("\"{t}\"")).collect::<Vec<_>>().join(",")]);
        for (column, text) in columns.iter().zip(&texts) {
            for batch in [&plain, &quoted] {
                let Value::Text(found) = batch.field(0, column) else { panic!("no text in {column}") };
                prop_assert_eq!(found, text);
            }
        }
    }
}
