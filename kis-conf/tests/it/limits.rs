//! Input that is out to exhaust memory or time is refused early; without the bounds these tests would not end.

use crate::problems;

#[test]
fn alias_bomb() {
    let mut text =
        "kistype: conn\ncname: a\ntype: redis\nparams:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let refs = vec![format!("*a{}", i - 1); 9].join(", ");
        text.push_str(&format!("  a{i}: &a{i} [{refs}]\n"));
    }
    insta::assert_snapshot!(problems(&text), @"conf/a.yml:10:12: [KIS0011] aliases repeat more than 100000 values; write fewer aliases of aliases");
}

#[test]
fn alias_bomb_of_one_long_text() {
    let long = "x".repeat(1 << 20);
    let text = format!(
        "kistype: conn\ncname: a\ntype: redis\nparams: {{ a: &a \"{long}\", b: [{}] }}\n",
        "*a, ".repeat(10_000)
    );
    insta::assert_snapshot!(problems(&text), @"conf/a.yml:4:1048625: [KIS0011] aliases repeat more than 100000 values; write fewer aliases of aliases");
}

#[test]
fn aliases_that_nest() {
    let mut text = "kistype: conn\ncname: a\ntype: redis\nparams:\n  a0: &a0 [x]\n".to_owned();
    (1..200).for_each(|i| text.push_str(&format!("  a{i}: &a{i} [*a{}]\n", i - 1)));
    insta::assert_snapshot!(problems(&text), @"conf/a.yml:66:13: [KIS0011] the value is nested deeper than 64 levels");
}

#[test]
fn deep_nesting() {
    let text = format!(
        "kistype: conn\ncname: a\ntype: redis\nparams: {}\n",
        "[".repeat(100_000)
    );
    insta::assert_snapshot!(problems(&text), @"conf/a.yml:4:73: [KIS0011] the value is nested deeper than 64 levels");
    let text: String = (0..1000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    insta::assert_snapshot!(problems(&text), @"conf/a.yml:65:65: [KIS0011] the value is nested deeper than 64 levels");
}

#[test]
fn ten_megabytes() {
    let text = format!(
        "kistype: conn\ncname: a\ntype: redis\nkey: \"{}\"\n",
        "x".repeat(10 << 20)
    );
    insta::assert_snapshot!(problems(&text), @"conf/a.yml: [KIS0011] the file is larger than 8 MiB; split it into several files");
}

/// Just below the limit: read, with problems that are counted and not listed without end.
#[test]
fn seven_megabytes_of_mistakes() {
    let text: String = "kistype: conn\n".to_owned()
        + &(0..400_000)
            .map(|i| format!("unknown_{i}: 1\n"))
            .collect::<String>();
    let text = problems(&text);
    assert_eq!(text.lines().count(), 1001);
    assert_eq!(
        text.lines().next(),
        Some("[KIS0011] there are more than 1000 problems")
    );
}

#[test]
fn many_flows_in_a_circle() {
    let flow = |i: usize| {
        format!(
            "kistype: flow\nflow_name: f{i}\nafter: [f{}]\nflows: [fname: f]\n---\n",
            (i + 1) % 2000
        )
    };
    let text: String = (0..2000).map(flow).collect();
    assert!(problems(&text).contains("flows wait for each other"));
}
