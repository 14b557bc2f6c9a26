//! Messages as text, as panic and as problem.

use super::*;

const MSG: Msg = Msg::new(Code::ParamRange)
    .text("size is ")
    .num(5)
    .help("allowed is 1 to ")
    .float(2.5);

#[test]
fn as_a_problem() {
    let problem = MSG.into_problem(Place::new("conf/a.yml", 7, 5));
    assert_eq!(
        (problem.message.as_str(), problem.help.as_deref()),
        ("size is 5", Some("allowed is 1 to 2.5"))
    );
    assert_eq!(
        problem.to_string(),
        "conf/a.yml:7:5: [KIS0111] size is 5; allowed is 1 to 2.5"
    );
    let plain = Msg::new(Code::ParamRange)
        .text("a; b")
        .into_problem(Place::file("conf"));
    assert_eq!((plain.message.as_str(), plain.help), ("a; b", None));
}

#[test]
#[should_panic(expected = "conf/a.yml:7:5: [KIS0111] size is 5; allowed is 1 to 2.5")]
fn as_a_panic() {
    MSG.panic_at("conf/a.yml:7:5");
}

#[test]
fn too_long() {
    let long = Msg::new(Code::ParamRange).text(&"x".repeat(600)).help("lost");
    assert_eq!(long.as_str().len(), 512);
    assert!(long.as_str().ends_with("x..."));
    assert_eq!(long.into_problem(Place::file("conf")).help, None);
}
