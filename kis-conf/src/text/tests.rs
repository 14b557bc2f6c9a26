//! Texts composed in a `const`.

use proptest::prelude::*;

use super::*;

#[test]
fn numbers() {
    let check = |text: Text<64>, expect: &str| assert_eq!(text.as_str(), expect);
    check(
        Text::new()
            .add_int(0)
            .add(" ")
            .add_int(-7)
            .add(" ")
            .add_int(i64::MIN),
        "0 -7 -9223372036854775808",
    );
    check(
        Text::new()
            .add_float(0.5)
            .add(" ")
            .add_float(-2.0)
            .add(" ")
            .add_float(0.050001),
        "0.5 -2 0.050001",
    );
    check(Text::new().add_float(1e300), "more than 9e12");
}

proptest! {
    #[test]
    fn cut_between_characters(text: String) {
        let cut: Text<16> = Text::new().add(&text).add("");
        match text.len() <= 16 {
            true => prop_assert_eq!(cut.as_str(), &text),
            false => {
                let kept = cut.as_str().strip_suffix("...").unwrap();
                prop_assert!(text.starts_with(kept) && kept.len() >= 10);
                let more = cut.add("more");
                prop_assert_eq!(more.as_str(), cut.as_str());
            }
        }
    }
}
