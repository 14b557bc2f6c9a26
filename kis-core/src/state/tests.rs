//! The state map against a plain model: undo restores, freeze tells exactly what changed.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{AnyState, State, StateMap};
use crate::row::key::KeyRef;

#[derive(Clone, Default, Debug, PartialEq, Serialize, Deserialize)]
struct Count(u64);

impl State for Count {
    const TTL: Duration = Duration::from_secs(60);
    const VERSION: u32 = 1;
}

#[derive(Clone, Debug)]
enum Op {
    Add(i64),
    /// A call for each row; whether it fails.
    Rows(Vec<(i64, bool)>),
    Remove(i64),
    Keep,
    Undo,
    Cut,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..8i64).prop_map(Op::Add),
        4 => prop::collection::vec((0..8i64, prop::bool::weighted(0.2)), 0..6).prop_map(Op::Rows),
        1 => (0..8i64).prop_map(Op::Remove),
        2 => Just(Op::Keep),
        1 => Just(Op::Undo),
        1 => Just(Op::Cut),
    ]
}

proptest! {
    #[test]
    fn behaves_as_a_map_with_transactions(ops in prop::collection::vec(op(), 0..200)) {
        let mut map = StateMap::<Count>::default();
        let (mut kept, mut open, mut stored) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for op in ops {
            match op {
                Op::Add(key) => {
                    map.touch(KeyRef::int(key)).0 += 1;
                    *open.entry(key).or_insert(0u64) += 1;
                }
                Op::Rows(rows) => {
                    map.keep();
                    kept = open.clone();
                    for (key, fails) in rows {
                        kept = open.clone();
                        map.next(KeyRef::int(key)).0 += 1;
                        *open.entry(key).or_insert(0u64) += 1;
                        if fails {
                            map.undo();
                            open = kept.clone();
                        }
                    }
                }
                Op::Remove(key) => {
                    map.remove(KeyRef::int(key));
                    open.remove(&key);
                }
                Op::Keep => {
                    map.keep();
                    kept = open.clone();
                }
                Op::Undo => {
                    map.undo();
                    open = kept.clone();
                }
                Op::Cut => {
                    map.keep();
                    kept = open.clone();
                    AnyState::freeze(&mut map).encode(&mut |key, bytes, _| {
                        let key: i64 = key.to_string().parse().unwrap();
                        match bytes {
                            Some(bytes) => stored.insert(key, rmp_serde::from_slice::<Count>(&bytes).unwrap().0),
                            None => stored.remove(&key),
                        };
                    }).unwrap();
                    prop_assert_eq!(&stored, &kept);
                }
            }
            for key in 0..8 {
                prop_assert_eq!(map.get(KeyRef::int(key)).map(|c| c.0), open.get(&key).copied());
            }
        }
    }
}

#[test]
fn a_value_expires_after_its_time_to_live() {
    let mut map = StateMap::<Count>::default();
    map.set_now(1_000);
    map.touch(KeyRef::int(1)).0 = 5;
    map.keep();
    map.set_now(61_000);
    assert_eq!(map.get(KeyRef::int(1)), Some(&Count(5)));
    map.set_now(61_001);
    assert_eq!(map.get(KeyRef::int(1)), None);
    assert_eq!(map.touch(KeyRef::int(1)), &Count(0));
    map.undo();
    assert_eq!(AnyState::freeze(&mut map).len(), 1);
    map.expire();
    let mut gone = Vec::new();
    AnyState::freeze(&mut map)
        .encode(&mut |key, bytes, _| gone.push((key.to_string(), bytes)))
        .unwrap();
    assert_eq!(gone, [("1".to_owned(), None)]);
    assert!(map.is_empty());
}

#[test]
fn a_value_from_the_store_is_stored_and_undone_from_its_first_touch_on() {
    let mut map = StateMap::<Count>::default();
    let bytes = rmp_serde::to_vec_named(&Count(7)).unwrap();
    AnyState::load(&mut map, KeyRef::int(1), 1, &bytes, 60_000).unwrap();
    map.touch(KeyRef::int(1)).0 = 8;
    map.undo();
    assert_eq!(map.get(KeyRef::int(1)), Some(&Count(7)));
    map.touch(KeyRef::int(1)).0 = 9;
    map.keep();
    assert_eq!(AnyState::freeze(&mut map).len(), 1);
}

#[test]
fn what_a_probe_touched_is_undone_though_the_call_kept_it() {
    let mut map = StateMap::<Count>::default();
    map.touch(KeyRef::int(1)).0 = 1;
    map.keep();
    map.hold();
    map.touch(KeyRef::int(1)).0 = 2;
    map.keep();
    map.touch(KeyRef::int(2)).0 = 2;
    map.keep();
    map.let_go();
    map.undo();
    assert_eq!(map.get(KeyRef::int(1)), Some(&Count(1)));
    assert_eq!(map.get(KeyRef::int(2)), None);
}

/// What a type's stored form is, however it is made.
mod form {
    use std::{collections::BTreeMap, num::NonZero};

    use super::*;
    use crate::state::StateShape;

    #[derive(Clone, Default, Serialize, Deserialize)]
    struct Delay {
        sum: f64,
        #[serde(rename = "count")]
        n: u32,
    }

    #[derive(Clone, Default, Serialize, Deserialize)]
    enum Phase {
        #[default]
        New,
        Wrapped(u8),
        Pair(u8, String),
        Fields {
            x: i8,
        },
    }

    #[derive(Clone, Serialize, Deserialize)]
    struct Tree {
        of: u8,
        below: Vec<Tree>,
    }

    #[derive(Clone, Serialize, Deserialize)]
    struct All {
        delay: Delay,
        last: Option<String>,
        by_day: BTreeMap<i16, Vec<Delay>>,
        pair: (bool, char, NonZero<u16>, f32),
        phase: Phase,
        tree: Tree,
        boxed: Box<Option<Count>>,
        #[serde(skip)]
        _skipped: u8,
        at: jiff::Timestamp,
        port: std::net::Ipv4Addr,
    }

    impl Default for All {
        fn default() -> All {
            unreachable!("no value is made")
        }
    }

    impl State for All {
        const TTL: Duration = Duration::from_secs(60);
        const VERSION: u32 = 1;
    }

    #[test]
    fn is_a_line_for_each_value() {
        let shape = StateShape::of::<All>();
        insta::assert_snapshot!(shape, @r"
        at: String
        boxed: Option<u64>
        by_day: Map<i16, Vec<{ sum: f64, count: u32 }>>
        delay.count: u32
        delay.sum: f64
        last: Option<String>
        pair: (bool, char, u16, f32)
        phase: New | Wrapped(u8) | Pair(u8, String) | Fields { x: i8 }
        port: (u8, u8, u8, u8)
        tree.below: Vec<Tree>
        tree.of: u8
        ");
        assert_eq!(StateShape::parse(&shape.to_string()), *shape);
        insta::assert_snapshot!(StateShape::of::<Count>(), @"it: u64");
    }

    #[test]
    fn changes_are_told() {
        let before = StateShape::parse("a: u8\nb: u8\nd: u8\n");
        let now = StateShape::parse("a: u8\nb: u16\nc: u8\n");
        assert_eq!(
            now.changes(&before),
            ["b: u16 was u8", "c: u8 is new", "d: u8 is gone"]
        );
        assert_ne!(now.fingerprint(), before.fingerprint());
        assert!(now.changes(&now).is_empty());
    }
}
