//! Order, round trip and texts of keys.

use proptest::prelude::*;

use super::*;

fn part() -> impl Strategy<Value = KeyPart> {
    prop_oneof![
        Just(KeyPart::None),
        prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0xFF), any::<u8>()], 0..5)
            .prop_map(KeyPart::Bytes),
        "[a-c\0]{0,4}".prop_map(KeyPart::Text),
        any::<i64>().prop_map(|int| KeyPart::Int(int.into())),
        (-300i64..300).prop_map(|int| KeyPart::Int(int.into())),
        any::<u64>().prop_map(|int| KeyPart::Int(int.into())),
        any::<bool>().prop_map(KeyPart::Bool),
    ]
}

fn bytes(parts: &[KeyPart]) -> Vec<u8> {
    let mut to = Vec::new();
    for part in parts {
        match part {
            KeyPart::None => None::<bool>.encode(&mut to),
            KeyPart::Bytes(bytes) => bytes.as_slice().encode(&mut to),
            KeyPart::Text(text) => text.encode(&mut to),
            KeyPart::Int(int) => match i64::try_from(*int) {
                Ok(int) => int.encode(&mut to),
                Err(_) => u64::try_from(*int).unwrap().encode(&mut to),
            },
            KeyPart::Bool(bool) => bool.encode(&mut to),
        }
    }
    to
}

proptest! {
    #[test]
    fn bytes_sort_as_the_values_do(a in prop::collection::vec(part(), 1..4), b in prop::collection::vec(part(), 1..4)) {
        prop_assert_eq!(bytes(&a).cmp(&bytes(&b)), a.cmp(&b));
    }

    #[test]
    fn keys_are_read_back(parts in prop::collection::vec(part(), 1..4)) {
        prop_assert_eq!(KeyPart::parse(&bytes(&parts)), Some(parts));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
        show_key(&bytes);
    }
}

#[test]
fn a_number_has_one_key_in_every_type() {
    assert_eq!(7u8.key(), 7i64.key());
    assert_eq!((-7i8).key(), (-7isize).key());
    assert_eq!(u64::MAX.key().len(), 9);
    assert!(i64::MIN.key() < (i64::MIN + 1).key());
}

#[test]
fn keys_are_shown_as_people_write_them() {
    let check = |key: Vec<u8>, text: &str| assert_eq!(show_key(&key), text);
    check("UA".key(), "UA");
    check(17.key(), "17");
    check(("UA", -17, true).key(), "(UA, -17, true)");
    check((None::<u8>, 'x').key(), "(none, x)");
    check([0u8, 255].as_slice().key(), "0x00ff");
    check(vec![0x30, 1], "0x3001");
}
