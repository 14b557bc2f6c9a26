//! What the compiler says of a folder is what the program says when it reads the folder, word for word.

use std::{collections::BTreeSet, fs, path::Path};

use kis_core::{
    __private::kis_conf::{ReadOptions, check_read, read_dir},
    function::{Function, FunctionInfo},
    link,
};

#[path = "../ui/flows/functions.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the functions of the ui tests, of which only the facts matter here"
)]
mod functions;

use functions::{again, avg_stu_score, by_text, grade, load_avg, save_avg, sink, verify_stu, write_file};

const FUNCTIONS: [&FunctionInfo; 9] = [
    &again::INFO,
    &avg_stu_score::INFO,
    &by_text::INFO,
    &grade::INFO,
    &load_avg::INFO,
    &save_avg::INFO,
    &sink::INFO,
    &verify_stu::INFO,
    &write_file::INFO,
];

#[test]
fn building_and_running_say_the_same() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/flows/fail");
    let mut compared = 0;
    for entry in fs::read_dir(&cases).expect("the ui tests are there") {
        let folder = entry.expect("the ui tests are readable").path();
        let source = fs::read_to_string(folder.with_extension("rs")).unwrap_or_default();
        if !folder.is_dir() || !source.contains("../functions.rs") {
            continue;
        }
        let built = built(&fs::read_to_string(folder.with_extension("stderr")).expect("a recorded message"));
        let ran = ran(&folder);
        assert_eq!(built, ran, "{}", folder.display());
        compared += ran.len();
    }
    assert!(compared > 20, "only {compared} texts were compared");
}

/// The problems in a recorded message of the compiler. An unknown function has a hint of its own there.
fn built(stderr: &str) -> BTreeSet<String> {
    let text = |line: &str| {
        let line = line
            .strip_prefix("error[E0080]: evaluation panicked: ")
            .or_else(|| line.strip_prefix("error: "))?;
        line.contains("[KIS").then(|| neutral(line))
    };
    stderr
        .lines()
        .filter_map(text)
        .filter(|line| !line.contains("[KIS0101]"))
        .collect()
}

/// The problems that the program finds in the folder.
fn ran(folder: &Path) -> BTreeSet<String> {
    let problems = match check_read(read_dir(folder, &ReadOptions::default())) {
        Err(problems) => problems,
        Ok(conf) => {
            let known = FUNCTIONS.to_vec();
            let row = |name: &str| link::row_of(&known, name).map(|row| row.shape);
            link::check(&conf, &known, row)
        }
    };
    problems
        .iter()
        .map(|problem| neutral(&problem.to_string()))
        .filter(|line| !line.contains("[KIS0101]"))
        .collect()
}

/// The text without the path of the functions' file, which differs between the two programs.
fn neutral(text: &str) -> String {
    let Some(end) = text.find("functions.rs:") else {
        return text.to_owned();
    };
    let start = text[..end].rfind(' ').map_or(0, |i| i + 1);
    format!(
        "{}{}",
        &text[..start],
        neutral(&text[end..].replacen("functions.rs:", "FILE:", 1))
    )
}
