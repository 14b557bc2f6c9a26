//! Ends, restarts, flows behind flows, and the steps of `at_end`.

use insta::assert_snapshot;
use kis_core::{
    conn::{Table, store::Store},
    prelude::*,
};

use crate::check::{run, show, table};

#[derive(Row)]
pub struct Line {
    pub n: i64,
}

#[kis_function(mode = "Save", conn = "lines")]
pub fn save_lines(lines: &[Line], table: &Conn<Table>) -> Result<()> {
    for line in lines {
        table.put(line.n, line)?;
    }
    Ok(())
}

#[derive(Row)]
pub struct Total {
    pub lines: u64,
}

#[kis_function(mode = "Load", conn = "lines")]
pub fn count_lines(_: &Rows, table: &Conn<Table>) -> Result<Vec<Total>> {
    Ok(vec![Total {
        lines: table.scan::<Line>()?.len() as u64,
    }])
}

#[kis_function(mode = "Save", conn = "totals")]
pub fn save_total(totals: &[Total], table: &Conn<Table>) -> Result<()> {
    for total in totals {
        table.put("total", total)?;
    }
    Ok(())
}

fn yaml(path: &std::path::Path) -> String {
    format!(
        "kistype: source\nsname: lines\ntype: file\nkey: {}\nflow: lines\n---\nkistype: flow\nstatus: 1\nflow_name: lines\nflows:\n  - fname: save_lines\nat_end:\n  - fname: count_lines\n  - fname: save_total\n",
        path.display()
    )
}

#[test]
fn a_flow_goes_on_where_it_ended() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lines.jsonl");
    let store = Store::in_memory();
    std::fs::write(&path, "{\"n\":1}\n{\"n\":2}\n").unwrap();
    let first = show(&run(&yaml(&path), 2, &store)) + &table(&store, "totals");
    let second = show(&run(&yaml(&path), 2, &store)) + &table(&store, "totals");
    std::fs::write(&path, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n").unwrap();
    let third = show(&run(&yaml(&path), 2, &store)) + &table(&store, "totals");
    assert_snapshot!(first + &second + &third, @r#"
    lines: ended, in 2, out 2, dropped 0, dead 0
    total {"lines":2}
    lines: nothing new, in 0, out 0, dropped 0, dead 0
    total {"lines":2}
    lines: ended, in 1, out 1, dropped 0, dead 0
    total {"lines":3}
    "#);
}

#[test]
fn a_flow_waits_for_those_before_it_and_fails_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lines.jsonl");
    std::fs::write(&path, "{\"n\":1}\n").unwrap();
    let after = "---\nkistype: source\nsname: more\ntype: memory\nflow: second\nparams: { rows: [ { n: 7 } ] }\n---\nkistype: flow\nstatus: 1\nflow_name: second\nafter: [lines]\nflows:\n  - fname: count_lines\n  - fname: save_total\n    cname: seconds\n";
    let store = Store::in_memory();
    let summary = run(&(yaml(&path) + after), 2, &store);
    let missing = yaml(&dir.path().join("missing.jsonl")) + after;
    let failed = run(&missing, 2, &Store::in_memory());
    let failed = show(&failed).replace(&dir.path().display().to_string(), "DIR");
    assert_snapshot!(show(&summary) + &table(&store, "seconds") + &failed, @r#"
    lines: ended, in 1, out 1, dropped 0, dead 0
    second: ended, in 1, out 1, dropped 0, dead 0
    total {"lines":1}
    lines: failed: source lines: DIR/missing.jsonl does not exist; looked in DIR (not_found), in 0, out 0, dropped 0, dead 0
    second: failed: not started, since flow lines did not end well (after), in 0, out 0, dropped 0, dead 0
    "#);
}
