//! What is written is what serde_json writes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;

use super::write;

#[derive(Serialize, Debug)]
struct Row {
    id: i64,
    small: u8,
    #[serde(rename = "a \"name\"\n")]
    named: i16,
    ok: bool,
    text: String,
    maybe: Option<f64>,
    single: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u64>,
    inner: Inner,
    list: Vec<Option<Inner>>,
    map: BTreeMap<String, u32>,
    word: Word,
    wide: i128,
    wrapped: Wrapped,
    pair: (u8, char),
    unit: (),
}

#[derive(Serialize, Debug, Clone)]
struct Inner {
    plain: u32,
    text: String,
}

#[derive(Serialize, Debug, Clone)]
struct Empty {}

#[derive(Serialize, Debug, Clone)]
struct Wrapped(Option<Inner>);

#[derive(Serialize, Debug, Clone)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Single,
    With(u8),
    Fields { text: String },
}

#[derive(Serialize, Debug)]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    rest: Inner,
}

/// Refuses to be written when it holds this number.
#[derive(Debug)]
struct Refuses(u8);

impl Serialize for Refuses {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            7 => Err(serde::ser::Error::custom("never a seven")),
            other => to.serialize_u8(other),
        }
    }
}

/// As serde_json writes the value: the same bytes, or the same error.
fn check(value: &(impl Serialize + ?Sized)) {
    let mut out = b"before".to_vec();
    let written = write(value, &mut out).map_err(|error| error.to_string());
    let wanted = serde_json::to_vec(value).map_err(|error| error.to_string());
    assert_eq!(written, wanted.as_ref().map(drop).map_err(Clone::clone));
    if let Ok(wanted) = wanted {
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("before{}", String::from_utf8(wanted).unwrap())
        );
    }
}

#[test]
fn values_without_fields_are_written() {
    check("text");
    check("two\nlines \"quoted\"");
    check(&1.0);
    check(&f64::NAN);
    check(&f32::INFINITY);
    check(&-0.0);
    check(&[1, 2]);
    check(&());
    check(&Empty {});
    check(&BTreeMap::from([("a", 1)]));
    check(&serde_json::json!({ "a": [1, null, "x"] }));
    check(&serde_json::value::RawValue::from_string("{\"as\" : \"it is\"}".to_owned()).unwrap());
    check(&Word::With(1));
    check(&Flattened {
        id: 1,
        rest: Inner {
            plain: 2,
            text: "x".to_owned(),
        },
    });
}

#[test]
fn what_refuses_to_be_written_says_why() {
    #[derive(Serialize)]
    struct Holds {
        first: u8,
        refuses: Refuses,
    }
    check(&Refuses(7));
    for number in [6, 7] {
        check(&Holds {
            first: 1,
            refuses: Refuses(number),
        });
    }
    check(&BTreeMap::from([((1, 2), 3)]));
}

fn inner() -> impl Strategy<Value = Inner> {
    (any::<u32>(), ".{0,12}").prop_map(|(plain, text)| Inner { plain, text })
}

fn word() -> impl Strategy<Value = Word> {
    prop_oneof![
        Just(Word::Single),
        any::<u8>().prop_map(Word::With),
        ".{0,3}".prop_map(|text| Word::Fields { text }),
    ]
}

proptest! {
    #[test]
    fn rows_are_written_as_by_serde_json(
        numbers in any::<(i64, u8, i16, Option<f64>, f32, Option<u64>, i128)>(), ok: bool, text in ".{0,40}",
        inner in inner(), list in prop::collection::vec(proptest::option::of(inner()), 0..3),
        map in prop::collection::btree_map(".{0,3}", any::<u32>(), 0..3), word in word(), letter: char,
    ) {
        let (id, small, named, maybe, single, left_out, wide) = numbers;
        let wrapped = Wrapped(list.first().cloned().flatten());
        let pair = (small, letter);
        check(&Row {
            id, small, named, ok, text, maybe, single, left_out, inner, list, map, word, wide, wrapped, pair, unit: (),
        });
    }
}
