//! `${env:..}` and `${file:..}`.

use std::collections::BTreeMap;

use kis_conf::{CheckedConf, Problems, ReadOptions, Values, check_read, export, read_files};

use crate::file;

fn read(text: &str, values: Values) -> Result<CheckedConf, Problems> {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("secret.txt"), "from: file\n").unwrap();
    let options = ReadOptions {
        values,
        base: temp.path().to_owned(),
    };
    let text = format!("kistype: conn\ncname: c\ntype: redis\n{text}");
    let read = read_files(vec![file("conf/a.yml", &text)], &options);
    check_read(read).map_err(|problems| {
        let clean = |mut problem: kis_conf::Problem| {
            problem.help = problem
                .help
                .map(|help| help.replace(&temp.path().display().to_string(), "TEMP"));
            problem
        };
        problems.into_iter().map(clean).collect()
    })
}

fn given() -> Values {
    let values = [
        ("PW", "yes: [\"quoted\" ${env:PW}"),
        ("PORT", "6379"),
        ("EMPTY", ""),
        ("HOSTS", "a:1, b:2"),
        ("BAD", "s3cret"),
    ];
    Values::Given(
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
    )
}

/// The values of the params, as the connector gets them.
fn params(text: &str) -> Vec<String> {
    let conf = read(text, given()).unwrap();
    conf.conns[0]
        .params
        .iter()
        .map(|param| param.value.scalar().unwrap().text.clone())
        .collect()
}

#[test]
fn looked_up_and_never_read_as_yaml() {
    let text = "params:\n  a: ${env:PW}\n  b: \"tcp://${env:HOST:-localhost}:${env:PORT}/\"\n  c: ${env:EMPTY:-x}\n  d: ${env:EMPTY}\n  e: ${file:secret.txt}\n  f: $${env:PW} $5 $\n";
    let values = [
        "yes: [\"quoted\" ${env:PW}",
        "tcp://localhost:6379/",
        "x",
        "",
        "from: file",
        "${env:PW} $5 $",
    ];
    assert_eq!(params(text), values);
}

#[test]
fn given_over_the_environment() {
    let over = |values: &[(&str, &str)]| {
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let text = "params: { a: \"${env:PATH}\", b: \"${env:KIS_CONF_TEST_NOT_SET:-default}\" }\n";
        let conf = read(text, Values::Over(values.collect())).unwrap();
        let param = |i: usize| conf.conns[0].params[i].value.scalar().unwrap().text.clone();
        (param(0), param(1))
    };
    let path = std::env::var("PATH").unwrap();
    assert_eq!(over(&[]), (path.clone(), "default".to_owned()));
    assert_eq!(
        over(&[("PATH", "mine")]),
        ("mine".to_owned(), "default".to_owned())
    );
    assert_eq!(
        over(&[("KIS_CONF_TEST_NOT_SET", "given")]),
        (path, "given".to_owned())
    );
}

#[test]
fn never_in_keys() {
    let conf = read("params: { \"${env:PW}\": 1 }\n", given()).unwrap();
    assert_eq!(conf.conns[0].params[0].key.as_str(), "${env:PW}");
}

#[test]
fn never_printed() {
    let text =
        "addrs: ${env:HOSTS}\nkey: ${env:PW}\nparams: { a: \"${env:BAD}\", b: \"x${file:secret.txt}\" }\n";
    let conf = read(text, given()).unwrap();
    let addrs: Vec<&str> = conf.conns[0].addrs.iter().map(kis_conf::Placed::as_str).collect();
    assert_eq!(addrs, ["a:1", "b:2"]);
    let printed = format!("{conf:?}{:?}{}", export(&conf), conf.conns[0].addrs[0]);
    for secret in ["a:1", "s3cret", "quoted", "from: file"] {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
    insta::assert_snapshot!(export(&conf)[0].text, @r#"
    kistype: conn
    cname: c
    addrs: "${env:HOSTS}"
    type: redis
    key: "${env:PW}"
    params:
      a: "${env:BAD}"
      b: "x${file:secret.txt}"
    "#);
}

#[test]
fn never_in_problems() {
    let text = "kistype: flow\nflow_name: F\nlanes: ${env:BAD}\nlimits: { bytes: \"${env:BAD}\" }\nstatus: ${env:BAD}\nflows: [fname: f]\n---\nkistype: source\nsname: s\ntype: file\nflow: F\nstart: { at: \"${env:BAD}\" }\nparams: 5\n";
    let read = read(&format!("---\n{text}"), given()).unwrap_err();
    insta::assert_snapshot!(read, @r"
    conf/a.yml:7:8: [KIS0006] lanes: expected a whole number, found ${env:BAD}
    conf/a.yml:8:18: [KIS0006] bytes: expected a size such as 4MiB, found ${env:BAD}
    conf/a.yml:9:9: [KIS0012] status is ${env:BAD}, allowed is 1 (on) or 0 (off)
    conf/a.yml:16:14: [KIS0006] at: expected a time such as 2013-01-01T00:00:00Z, found ${env:BAD}
    conf/a.yml:17:9: [KIS0006] params: expected a map, found 5; write params: { name: value }
    ");
    assert!(!format!("{read:?}").contains("s3cret"));
}

#[test]
fn left_for_later_while_compiling() {
    let text = "params: { a: \"${env:NOT_SET}\", b: \"${file:nowhere}\" }\n---\nkistype: flow\nflow_name: F\nlanes: ${env:LANES}\nflows: [fname: f]\n";
    let conf = read(text, Values::Defer).unwrap();
    assert!(
        conf.conns[0]
            .params
            .iter()
            .all(|param| param.value.scalar().unwrap().deferred)
    );
    assert_eq!(conf.flows[0].lanes, None);
}

#[test]
fn mistakes() {
    let cases = [
        "${env:NOT_SET}",
        "${env:}",
        "${env::-x}",
        "${NAME}",
        "${evn:NAME}",
        "${env:NAME",
        "${file:nowhere.txt}",
        "${file:.}",
        "${}",
        "${env:A=B}",
    ];
    let text: String = cases
        .iter()
        .enumerate()
        .map(|(i, case)| format!("  p{i}: '{case}'\n"))
        .collect();
    insta::assert_snapshot!(read(&format!("params:\n{text}"), given()).unwrap_err());
}
