//! Bad input: each text is part of the product, so the snapshots are read as a page of the manual.

use kis_conf::check_read;

use crate::{load_all, problems, table};

#[test]
fn not_yaml() {
    insta::assert_snapshot!(table(&[
        ("tab", "kistype: flow\nflow_name: F\nflows:\n\t- fname: f\n"),
        (
            "unclosed bracket",
            "kistype: flow\nflow_name: F\nflows: [fname: f\n"
        ),
        ("unclosed quote", "kistype: \"flow\nflow_name: F\n"),
        ("two colons", "kistype: conn\ncname: a: b\ntype: redis\n"),
        ("special character", "kistype: conn\ncname: @a\ntype: redis\n"),
        ("indentation", "kistype: flow\n  flow_name: F\n"),
        ("unknown anchor", "kistype: conn\ncname: *a\n"),
        ("unknown tag", "kistype: conn\ncname: !name a\ntype: redis\n"),
        ("holds itself", "&a [*a]\n"),
        (
            "unquoted reference",
            "kistype: conn\ncname: a\ntype: redis\nparams: { password: ${env:PW} }\n"
        ),
        ("binary", "\u{0}\u{1}\u{2}"),
        (
            "a broken document and a good one",
            "kistype: [\n---\nkistype: conn\ncname: a\n"
        ),
    ]));
}

#[test]
fn documents() {
    insta::assert_snapshot!(table(&[
        ("empty", ""),
        ("comments only", "# nothing\n---\n# here\n"),
        ("no kistype", "flow_name: F\n"),
        ("wrong kistype", "kistype: flwo\n"),
        ("kistype is a list", "kistype: [flow]\n"),
        ("a text", "hello\n"),
        ("a list", "- a\n"),
        (
            "a stray document mark is fine",
            "---\nkistype: conn\ncname: a\ntype: redis\n---\n"
        ),
    ]));
}

#[test]
fn unknown_keys_at_each_depth() {
    let text = "kistype: flow\nstats: 1\nflow_name: F\nlane: 4\nlimits: { byte: 1MiB }\nparked: { row: 1 }\non_error: { decod: drop, retry: { attempt: 1 }, budget: { ratio: 1 } }\ndead_letter: { conn: a }\nflows:\n  - fnme: f\n  - fname: f\n    parms: {}\n    state: { tttl: 1d }\n    on_error: { rejct: drop }\nat_end: [{ fname: p, param: {} }]\n---\nkistype: func\nfname: f\nfmod: Save\nsource: { nme: a }\noption: { cnme: a, retry_time: 1 }\n---\nkistype: conn\ncname: c\ntype: redis\naddr: a\n---\nkistype: source\nsname: s\ntype: file\nflow: F\nformt: csv\nbatch: { row: 1 }\norder: { bye: a }\nstart: { att: a }\n---\nkistype: job\njname: j\ncorn: a\nflow: F\n---\nkistype: test\nflow: F\ngivn: []\nexpect: {}\n---\nkistype: global\nstor: {}\nstore: { pth: a }\ncheckpoint: { evry: 1s }\ndrain: { timout: 1s }\n";
    insta::assert_snapshot!(problems(text));
}

#[test]
fn duplicate_keys() {
    insta::assert_snapshot!(table(&[
        (
            "in a document",
            "kistype: conn\ncname: a\ntype: redis\ncname: b\n"
        ),
        (
            "in params",
            "kistype: conn\ncname: a\ntype: redis\nparams: { x: 1, y: 2, \"x\": 3 }\n"
        ),
        (
            "three times",
            "kistype: conn\ncname: a\ntype: redis\ntype: redis\ntype: redis\n"
        ),
        (
            "a list as key",
            "kistype: conn\ncname: a\ntype: redis\nparams: { [1, 2]: x, y: z }\n"
        ),
    ]));
}

#[test]
fn duplicate_names_across_files() {
    let flow = "kistype: flow\nflow_name: F\nflows: [fname: f]\n";
    let rest = "kistype: conn\ncname: C\ntype: redis\n---\nkistype: func\nfname: f\n---\nkistype: source\nsname: s\ntype: stdin\nflow: F\n---\nkistype: job\njname: j\ncron: 0 0 * * *\nflow: F\n---\nkistype: test\ntname: t\nflow: F\ngiven: []\nexpect: {}\n---\nkistype: global\n";
    let files = [
        ("conf/a.yml", flow),
        ("conf/b.yml", flow),
        ("conf/c.yml", rest),
        ("conf/d.yml", rest),
    ];
    insta::assert_snapshot!(load_all(&files).unwrap_err());
}

#[test]
fn wrong_types() {
    insta::assert_snapshot!(table(&[
        (
            "flow",
            "kistype: flow\nflow_name: [a]\nstatus: maybe\nlanes: many\nafter: A\nlimits: 5\nmax_jumps: {}\nflows: f\n"
        ),
        (
            "steps",
            "kistype: flow\nflow_name: F\nflows:\n  - f\n  -\n  - fname: {}\n  - fname: f\n    params: [a]\n    state: { ttl: 30 }\n"
        ),
        ("no steps", "kistype: flow\nflow_name: F\nflows: []\n"),
        ("null steps", "kistype: flow\nflow_name: F\nflows:\n"),
        (
            "on_error",
            "kistype: flow\nflow_name: F\nflows: [fname: f]\non_error: { decode: retry, retry: { attempts: 0, backoff: 10s..1s }, budget: { error_ratio: 2, over: 5 } }\n"
        ),
        (
            "source",
            "kistype: source\nsname: s\ncname: a\ntype: b\nflow: F\nformat: jsn\norder: [a]\nstart: { at: yesterday }\nbatch: { bytes: 4 apples, linger: 20, unique: 3 }\n"
        ),
        ("source without origin", "kistype: source\nsname: s\nflow: F\n"),
        (
            "conn",
            "kistype: conn\ncname: a\ntype: redis\naddrs: { a: b }\nparams: a\nload: a\n"
        ),
        (
            "job",
            "kistype: job\njname: j\ncron: every day\nflow: F\nmisfire: never\ntimeout: soon\n"
        ),
        ("test", "kistype: test\nflow: F\ngiven: {}\nexpect: { a: 5 }\n"),
        (
            "global",
            "kistype: global\nprometheus_enable: true\nprometheus_listen: maybe\nworkers: 0\nmust: no\n"
        ),
        (
            "global without address",
            "kistype: global\nprometheus_enable: true\nprometheus_listen: true\n"
        ),
    ]));
}

#[test]
fn huge_numbers() {
    let text = "kistype: flow\nflow_name: F\nlanes: 99999999999999999999999\nmax_jumps: -1\nlimits: { bytes: 99999999999TiB, step_timeout: 999999999999d }\nparked: { rows: 1e400 }\nflows: [fname: f]\n---\nkistype: global\nworkers: 18446744073709551616\n";
    insta::assert_snapshot!(problems(text));
}

#[test]
fn names() {
    insta::assert_snapshot!(table(&[
        ("empty", "kistype: conn\ncname: \"\"\ntype: redis\n"),
        ("slash", "kistype: conn\ncname: a/b\ntype: redis\n"),
        ("space", "kistype: conn\ncname: \" a\"\ntype: redis\n"),
        ("control", "kistype: conn\ncname: \"a\\nb\"\ntype: redis\n"),
        ("looked up", "kistype: conn\ncname: ${env:NAME:-a}\ntype: redis\n"),
    ]));
}

#[test]
fn references() {
    let flows = "kistype: flow\nflow_name: LoadDimensions\nflows: [fname: f]\n---\nkistype: flow\nflow_name: Other\nstatus: 0\nflows: [fname: f]\n---\nkistype: conn\ncname: Kafka\ntype: kafka\n---\n";
    let cases = [
        (
            "after",
            "kistype: flow\nflow_name: F\nafter: [LoadDimension, Other]\ndead_letter: { cname: Kafak }\nflows: [{ fname: f, cname: AnyTable }]\n",
        ),
        (
            "after an off flow",
            "kistype: flow\nflow_name: F\nafter: [Other]\nflows: [fname: f]\n",
        ),
        ("source", "kistype: source\nsname: s\ncname: Kafkaa\nflow: Othr\n"),
        ("job", "kistype: job\njname: j\ncron: 0 0 * * *\nflow: othr\n"),
        (
            "test",
            "kistype: test\nflow: nothing_like_it\ngiven: []\nexpect: {}\n---\nkistype: test\nflow: Other\ngiven: []\nexpect: { g: [] }\n",
        ),
    ];
    let cases: Vec<(&str, String)> = cases
        .iter()
        .map(|(name, text)| (*name, format!("{flows}{text}")))
        .collect();
    let cases: Vec<(&str, &str)> = cases.iter().map(|(name, text)| (*name, text.as_str())).collect();
    insta::assert_snapshot!(table(&cases));
}

#[test]
fn after_cycles() {
    let flow = |name: &str, after: &str| {
        format!("kistype: flow\nflow_name: {name}\nafter: [{after}]\nflows: [fname: f]\n---\n")
    };
    let text = [
        flow("A", "B"),
        flow("B", "C, E"),
        flow("C", "A"),
        flow("D", "D"),
        flow("E", ""),
        flow("G", "A"),
    ]
    .concat();
    insta::assert_snapshot!(problems(&text));
}

#[test]
fn step_names() {
    insta::assert_snapshot!(table(&[
        (
            "a function twice",
            "kistype: flow\nflow_name: F\nlanes: 1\nflows:\n  - fname: f\n  - fname: f\n  - fname: f_2\n"
        ),
        (
            "one name twice",
            "kistype: flow\nflow_name: F\nflows:\n  - fname: f\n    as: a\n  - fname: g\n    as: a\nat_end: [fname: a]\n"
        ),
    ]));
}

#[test]
fn a_name_in_an_unreadable_document_is_not_unknown() {
    let text =
        "kistype: source\nsname: s\ntype: stdin\nflow: F\n---\nkistype: flow\nflow_name: F\nflows: [\n";
    assert_eq!(problems(text).lines().count(), 1);
}

#[test]
fn as_rustc_prints_it() {
    let a = "kistype: flow\nflow_name: CalStuAvgScore\nlans: 4\nflows:\n  - fname: verify_stu\n  - fname: verify_stu\n";
    let b = "\u{feff}kistype: flow\r\nflow_name: \"CalStuAvgScore\"\r\nflows: [fname: 打印, fnme: b]\r\n";
    let files = vec![crate::file("conf/a.yml", a), crate::file("conf/b.yml", b)];
    let read = kis_conf::read_files(files, &kis_conf::ReadOptions::default());
    let files = read.0.files.clone();
    let problems = check_read(read).unwrap_err();
    insta::assert_snapshot!(problems.render(&files));
}
