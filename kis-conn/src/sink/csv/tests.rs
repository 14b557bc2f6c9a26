//! Records of all field types, and what is refused.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[derive(Serialize)]
enum Kind {
    Jet,
    Prop { blades: u8 },
}

#[derive(Serialize)]
struct Plane {
    tail: &'static str,
    year: Option<u16>,
    speed: f64,
    old: bool,
    kind: Kind,
}

fn text(row: &impl Serialize) -> Result<String, String> {
    let mut to = Vec::new();
    record(row, b',', "", &mut to).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(to).unwrap())
}

#[test]
fn plain_fields_become_a_record() {
    let plane = Plane {
        tail: "N1, \"the one\"",
        year: None,
        speed: 2.5,
        old: true,
        kind: Kind::Jet,
    };
    assert_eq!(text(&plane).unwrap(), "\"N1, \"\"the one\"\"\",,2.5,true,Jet");
    assert_eq!(columns(&plane).unwrap(), ["tail", "year", "speed", "old", "kind"]);
    let plane = Plane {
        tail: "",
        year: Some(1999),
        speed: f64::NAN,
        old: false,
        kind: Kind::Jet,
    };
    assert_eq!(text(&plane).unwrap(), "\"\",1999,,false,Jet");
}

#[test]
fn what_is_no_plain_value_is_named() {
    let plane = Plane {
        tail: "N1",
        year: None,
        speed: 0.0,
        old: false,
        kind: Kind::Prop { blades: 3 },
    };
    let check =
        |row: &dyn Fn() -> Result<String, String>, expect: &str| assert_eq!(row().unwrap_err(), expect);
    check(
        &|| text(&plane),
        "field kind is an enum with values, and CSV holds plain values only; use format: json",
    );
    check(
        &|| text(&json!({ "tags": [1] })),
        "field tags is a list, and CSV holds plain values only; use format: json",
    );
    check(&|| text(&json!([1, 2])), "a list has no named fields");
    check(&|| text(&7), "a number has no named fields");
}

proptest! {
    #[test]
    fn texts_are_read_back(fields in prop::collection::vec("[ab,\"\n\r ]{0,6}", 1..5)) {
        let row: serde_json::Map<String, serde_json::Value> =
            fields.iter().enumerate().map(|(i, field)| (format!("f{i}"), json!(field))).collect();
        let mut record = text(&row).unwrap();
        record.push('\n');
        let (mut output, mut ends) = ([0; 256], [0; 16]);
        let (result, _, _, count) = csv_core::Reader::new().read_record(record.as_bytes(), &mut output, &mut ends);
        prop_assert_eq!(result, csv_core::ReadRecordResult::Record);
        let mut start = 0;
        let found: Vec<String> = ends[..count].iter().map(|&end| {
            let field = String::from_utf8(output[start..end].to_vec()).unwrap();
            start = end;
            field
        }).collect();
        prop_assert_eq!(found, fields);
    }
}
