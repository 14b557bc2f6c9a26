//! What fits step by step and not as a whole: values that nobody puts in, connectors that flows may not share.

use insta::assert_snapshot;
use kis_core::{conn::FileSink, prelude::*};

use crate::check::problems;

#[derive(Row)]
struct Sale {
    id: i64,
}

struct Prices;

#[kis_function(mode = "Calculate")]
fn priced(sale: Sale, prices: Ext<Vec<Prices>>) -> Sale {
    assert!(!prices.is_empty());
    sale
}

#[kis_function(mode = "Save")]
fn report(sales: &[Sale], file: &Conn<FileSink>) -> Result<()> {
    file.write(sales)?;
    Ok(())
}

fn flow(name: &str, steps: &str) -> String {
    format!(
        "---\nkistype: source\nsname: {name}_in\ntype: memory\nflow: {name}\n---\nkistype: flow\nstatus: 1\nflow_name: {name}\nflows:\n{steps}"
    )
}

#[test]
fn a_value_that_the_app_does_not_put_in() {
    let yaml = flow("sales", "  - fname: priced\n");
    assert_snapshot!(problems(&yaml), @"conf/test.yml:11:5: [KIS0132] step priced of flow sales takes `prices: Ext<Vec<Prices>>`, and the app puts in no alloc::vec::Vec<it::whole::Prices>; put one in with `App::ext(..)`; a flow that the program builds takes it by `FlowBuilder::ext(..)`");
}

#[test]
fn a_file_that_two_flows_write() {
    let conn = "kistype: conn\ncname: Report\ntype: file\nkey: out.jsonl\n";
    let step = "  - { fname: report, cname: Report }\n";
    let yaml = format!("{conn}{}{}", flow("sales", step), flow("returns", step));
    assert_snapshot!(problems(&yaml), @"conf/test.yml:26:5: [KIS0131] flow returns uses connector Report, which flow sales uses at conf/test.yml:15:5; a connector of type file serves one flow; declare a connector of its own for flow returns, and name it here by `cname`");
    assert_snapshot!(problems(&format!("{conn}{}", flow("sales", step))), @"");
}
