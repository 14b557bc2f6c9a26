//! Classes of I/O errors and the texts of row errors.

use super::*;

#[test]
fn io_errors_have_the_class_that_decides_rightly() {
    let check = |kind: io::ErrorKind, class: ErrorClass| {
        assert_eq!(ConnError::from(io::Error::from(kind)).class, class, "{kind:?}");
    };
    check(io::ErrorKind::StorageFull, ErrorClass::Unavailable);
    check(io::ErrorKind::ReadOnlyFilesystem, ErrorClass::Unavailable);
    check(io::ErrorKind::ConnectionRefused, ErrorClass::Unavailable);
    check(io::ErrorKind::ConnectionReset, ErrorClass::Unavailable);
    check(io::ErrorKind::NotFound, ErrorClass::Fatal);
    check(io::ErrorKind::BrokenPipe, ErrorClass::Fatal);
    check(io::ErrorKind::InvalidData, ErrorClass::Decode);
    check(io::ErrorKind::TimedOut, ErrorClass::Timeout);
    check(io::ErrorKind::Interrupted, ErrorClass::Retry);
}

#[test]
fn texts_begin_small_and_name_what_failed() {
    let error = ConnError::io("out.jsonl", &io::Error::other("No space left"));
    assert_eq!(error.to_string(), "out.jsonl: no space left");
}

#[test]
fn row_errors_are_summed_up_in_the_message() {
    let row = |message: &str| RowError {
        class: ErrorClass::Reject,
        code: "dup".into(),
        message: message.into(),
    };
    let error = ConnError::of_rows(vec![(3, row("twice")), (7, row("twice"))]);
    assert_eq!(error.class, ErrorClass::Reject);
    assert_eq!(error.to_string(), "row 3: twice (and 1 more)");
}

#[test]
fn each_class_is_found_by_its_word() {
    for class in ErrorClass::ALL {
        assert_eq!(ErrorClass::parse(class.as_str()), Some(class));
    }
    assert_eq!(ErrorClass::parse("nope"), None);
}
