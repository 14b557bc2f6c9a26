//! What is exported reads as the same configuration.

use kis_conf::{
    CheckedConf, FileText, FlowConf, Node, Param, Place, Placed, ReadOptions, StepConf, check_read, export,
    export_flow, read_files,
};
use proptest::prelude::*;

use crate::{kinds::EVERYTHING, load, without_places};

/// Exports, reads that, and compares; the texts themselves and what only a spelling says are left out.
fn round_trip(conf: &CheckedConf) {
    let files = export(conf);
    let again = check_read(read_files(numbered(&files), &ReadOptions::default()));
    let again = again.unwrap_or_else(|problems| panic!("{problems}\n{files:#?}"));
    assert_eq!(comparable(&again), comparable(conf), "{files:#?}");
    assert_eq!(export(&again), files);
}

/// Files whose names hold no bracket, so that places can be told from the rest.
fn numbered(files: &[FileText]) -> Vec<FileText> {
    let numbered = files.iter().enumerate();
    numbered
        .map(|(i, file)| crate::file(&format!("conf/{i}.yml"), &file.text))
        .collect()
}

fn comparable(conf: &CheckedConf) -> String {
    let mut conf = conf.clone();
    conf.files.clear();
    for flow in &mut conf.flows {
        flow.kisflow = false;
        for step in flow.steps.iter_mut().chain(&mut flow.at_end) {
            step.named |= step.name != step.fname;
        }
    }
    without_places(&conf)
}

#[test]
fn every_key() {
    let conf = load(EVERYTHING).unwrap();
    round_trip(&conf);
    let text: String = export(&conf)
        .iter()
        .map(|file| format!("# {}\n{}\n", file.name, file.text))
        .collect();
    insta::assert_snapshot!(text);
}

#[test]
fn numbered_steps() {
    round_trip(&load("kistype: flow\nflow_name: F\nflows: [fname: f, fname: f, fname: f]\n").unwrap());
}

#[test]
fn a_flow_that_a_program_made() {
    let name = |text: &str| Placed::new(text.to_owned(), Place::in_code());
    let mut flow = FlowConf::new(name("Made"));
    flow.steps.push(StepConf::new(name("verify_stu")));
    let mut step = StepConf::new(name("print"));
    step.params.push(Param {
        key: name("title"),
        value: Node::text("50% of ${x}: yes"),
    });
    flow.steps.push(step);
    insta::assert_snapshot!(export_flow(&flow).text, @r#"
    kistype: flow
    status: 1
    flow_name: Made
    flows:
      - fname: verify_stu
      - fname: print
        params:
          title: "50% of $${x}: yes"
    "#);
}

/// Any text, with those that YAML could mistake for something else more often.
fn any_text() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "yes",
        "no",
        "null",
        "~",
        "",
        "010",
        "1.5",
        "1e3",
        "0x1F",
        ".inf",
        "2013-01-01",
        "a: b",
        "a #b",
        "- a",
        "${x}",
        "$${env:A}",
        "a:",
        " a",
        "a ",
        "{a}",
        "[a]",
        "'a'",
        "\"a\"",
        "\\",
        "<<",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a`",
        "---",
        "...",
        "?",
        "? a",
        "|",
        ">",
        "\u{feff}",
        "\u{85}",
        "\u{2028}",
        "订单: 数据",
        "a\nb\n",
        "\t",
        "true",
        "1_000",
        "-",
    ]);
    prop_oneof![
        nasty.prop_map(str::to_owned),
        any::<String>(),
        "[a-zA-Z0-9_ .:#-]{0,12}",
        "[a-z]{600}"
    ]
}

fn any_node() -> impl Strategy<Value = Node> {
    let number = any::<i64>().prop_map(|n| Node::plain(n.to_string()));
    let leaf = prop_oneof![
        any_text().prop_map(Node::text),
        number,
        any::<bool>().prop_map(|b| Node::plain(b.to_string())),
        Just(Node::null(Place::in_code())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let map = prop::collection::btree_map(any_text(), inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Node::list),
            map.prop_map(Node::map)
        ]
    })
}

proptest! {
    #[test]
    fn any_params(params in prop::collection::btree_map(any_text(), any_node(), 0..5)) {
        let mut conf = load("kistype: conn\ncname: c\ntype: redis\n").unwrap();
        let param = |(key, value)| Param { key: Placed::new(key, Place::in_code()), value };
        conf.conns[0].params = params.into_iter().map(param).collect();
        round_trip(&conf);
    }

    #[test]
    fn any_names(name in "[^\\p{Cc}/\\\\ ]{1,20}", key in any_text(), must in prop::collection::vec("\\PC{0,5}x", 0..3)) {
        prop_assume!(name.trim() == name && !name.contains("${") && must.iter().all(|m| kis_conf::illegal_name(m).is_none()));
        let mut conf = load("kistype: conn\ncname: c\ntype: redis\n---\nkistype: func\nfname: f\n---\nkistype: flow\nflow_name: F\nflows: [fname: f]\n").unwrap();
        conf.conns[0].name.value = name.clone();
        conf.conns[0].key = (!key.is_empty()).then(|| Placed::new(key, Place::in_code()));
        let must: Vec<_> = must.into_iter().map(|m| Placed::new(m, Place::in_code())).collect();
        conf.functions[0].must = must.clone();
        conf.flows[0].steps[0].must = must;
        conf.flows[0].name.value = name;
        round_trip(&conf);
    }
}
