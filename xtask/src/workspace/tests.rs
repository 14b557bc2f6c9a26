//! Reading cargo's answer.

use super::read_packages;

#[test]
fn a_package_has_its_features_and_kinds_of_dependency() {
    let packages = read_packages(
        r#"{ "packages": [ { "name": "a", "features": { "default": [], "gzip": ["dep:flate2"] },
            "dependencies": [
                { "name": "flate2", "kind": null, "optional": true },
                { "name": "tempfile", "kind": "dev", "optional": false } ] } ] }"#,
    )
    .unwrap();

    let [package] = packages.as_slice() else {
        panic!("not one package: {packages:?}")
    };
    assert_eq!(package.name, "a");
    assert_eq!(package.features, ["default", "gzip"]);
    let kinds: Vec<_> = package
        .dependencies
        .iter()
        .map(|d| (d.name.as_str(), d.dev, d.optional))
        .collect();
    assert_eq!(kinds, [("flate2", false, true), ("tempfile", true, false)]);
}

#[test]
fn another_shape_is_an_error_and_not_an_empty_answer() {
    for text in ["", "{}", r#"{ "packages": [ {} ] }"#] {
        assert!(read_packages(text).is_err(), "{text:?} was accepted");
    }
}
