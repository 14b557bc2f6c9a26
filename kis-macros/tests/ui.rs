//! One rule in each file under `ui/`: what compiles, and what is said when it does not. The messages are part of the
//! product; review a changed `.stderr` as such.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/*/pass/*.rs");
    cases.compile_fail("tests/ui/*/fail/*.rs");
}
