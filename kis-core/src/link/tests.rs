//! The texts of the checks, through the loader's entry. The compiler's side is tested with the macros, where one test
//! compares both word for word.

use kis_conf::{FileText, ReadOptions, check_read, read_files};

use super::check;
use crate::function::FunctionInfo;

const FIRST: FunctionInfo = FunctionInfo {
    at: "src/a.rs:1",
    ..FunctionInfo::broken("save_avg")
};
const SECOND: FunctionInfo = FunctionInfo {
    at: "src/b.rs:9",
    ..FunctionInfo::broken("save_avg")
};

/// What is wrong with a flow of these steps.
fn say(functions: &[&'static FunctionInfo], steps: &str) -> String {
    let text = format!("kistype: flow\nstatus: 1\nflow_name: F\nflows: [{steps}]\n");
    let file = FileText {
        name: "f.yml".to_owned(),
        text,
    };
    let conf = check_read(read_files(vec![file], &ReadOptions::default())).expect("the file alone is right");
    check(&conf, functions, |_| None).to_string()
}

#[test]
fn a_name_stands_for_one_function() {
    assert_eq!(say(&[&FIRST], "{ fname: save_avg }"), "");
    assert_eq!(
        say(&[&FIRST, &SECOND], "{ fname: save_avg }"),
        "f.yml:4:18: [KIS0116] two linked functions are called save_avg, at src/a.rs:1 and at src/b.rs:9; \
         give one of them another name in its attribute: name = \"other_save_avg\""
    );
}

#[test]
fn an_unknown_function_is_told_with_the_nearest() {
    assert_eq!(
        say(&[&FIRST], "{ fname: save_avgg }"),
        "f.yml:4:18: [KIS0101] unknown function save_avgg; did you mean save_avg? (known: save_avg); \
         a function of another crate is linked by `use that_crate as _;`"
    );
}
