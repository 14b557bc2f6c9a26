//! What functions fetch and return, apart from their calls, which are tested with the macros.

use std::time::Duration;

use kis_conn::{ConnError, ErrorClass, RowError};

use super::{Cache, Ctx, Ext, FromContext, Meta, Outcome, Params};
use crate::error::Error;

#[test]
fn a_cached_value_lives_for_its_own_time() {
    let cache = Cache::default();
    cache.set("gone", 1_u32, Duration::ZERO);
    cache.set("here", 2_u32, Duration::from_secs(60));
    cache.set_forever("stays", 3_u32);
    let values = ["gone", "here", "stays"].map(|key| cache.get::<u32>(key).map(|v| *v));
    assert_eq!(values, [None, Some(2), Some(3)]);
    assert!(
        cache.get::<i64>("here").is_none(),
        "a value of another type is none"
    );
    cache.remove("here");
    assert!(cache.get::<u32>("here").is_none());
}

#[test]
fn a_fork_of_meta_shares_nothing() {
    let meta = Meta::default();
    meta.flow().set("a", "1");
    meta.function("step").set("b", "2");
    let fork = meta.fork();
    fork.flow().set("a", "3");
    fork.function("step").remove("b");
    assert_eq!(meta.flow().get("a").as_deref(), Some("1"));
    assert_eq!(meta.function("step").get("b").as_deref(), Some("2"));
    assert_eq!(meta.conn("c").get("b"), None);
}

#[test]
fn arguments_are_fetched_by_type() {
    let cx = Ctx::builder()
        .flow("f")
        .step("s")
        .params(5_u32)
        .ext("hello".to_owned())
        .build();
    assert_eq!(*cx.params::<u32>().unwrap(), 5);
    assert_eq!(&**Ext::<String>::from_context(&cx, "text").unwrap(), "hello");
    let missing = Ext::<u8>::from_context(&cx, "n").unwrap_err();
    assert_eq!(missing.class(), ErrorClass::Fatal);
    assert_eq!(
        missing.message(),
        "step s of flow f has no value of type u8; give one with `App::ext(..)`"
    );
    assert!(Params::<()>::from_context(&cx, "p").is_err());
}

#[test]
fn actions_add_up_and_the_later_jump_counts() {
    let both = Outcome::<u32>::jump_to("a")
        .and(Outcome::abort())
        .and(Outcome::jump_to("b"));
    let action = both.action();
    assert!(action.abort && !action.reuse && !action.force_next);
    assert_eq!(format!("{:?}", action.jump), "Some(Step(\"b\"))");
    assert_eq!(
        Outcome::rows(vec![1]).and(Outcome::rows(vec![2])).into_rows(),
        Some(vec![1])
    );
}

#[test]
fn errors_keep_class_code_rows_and_causes() {
    let rows = vec![(
        3,
        RowError {
            class: ErrorClass::Reject,
            code: "dup".into(),
            message: "twice".into(),
        },
    )];
    let error = Error::from(ConnError::of_rows(rows));
    assert_eq!((error.class(), error.code()), (ErrorClass::Reject, "dup"));
    assert_eq!(error.failed_rows()[0].0, 3);

    let full = ConnError::from(std::io::Error::from(std::io::ErrorKind::StorageFull));
    assert_eq!(Error::from(full).class(), ErrorClass::Unavailable);

    let other = Error::from("x".parse::<i64>().unwrap_err());
    assert_eq!(
        (other.class(), other.to_string().as_str()),
        (ErrorClass::Retry, "invalid digit found in string")
    );

    let two = Error::rows([(1, Error::reject("a")), (4, Error::retry("b"))]);
    assert_eq!(two.to_string(), "2 rows failed, the first is row 1: a");
    assert_eq!(Error::reject("no").with_code("too_young").code(), "too_young");
}
