//! What the pages show of the compiler is what it says today; their `sh` blocks are run with all others.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use crate::package::{Package, cargo, errors, target, write};
use crate::page::{Block, blocks, is_shown, root};

/// Each `rust` block of the gallery is a program, and the `text` block behind it what the compiler says to it.
#[test]
fn the_compiler_says_what_the_gallery_shows() {
    let page = fs::read_to_string(root().join("kis-examples/src/bin/errors/README.md")).unwrap();
    let blocks = blocks(&page);
    let cases: Vec<_> = blocks
        .windows(2)
        .filter(|pair| pair[0].language == "rust" && pair[1].language == "text")
        .enumerate()
        .map(|(number, pair)| (format!("mistake-{number}"), &pair[0].text, &pair[1].text))
        .collect();
    let packages: Vec<Package> = cases
        .iter()
        .map(|(name, program, _)| Package {
            name: name.clone(),
            files: vec![("src/main.rs".into(), format!("{program}\nfn main() {{}}\n"))],
        })
        .collect();
    let said = errors(&write("gallery", &packages).unwrap());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, program, shown)| {
            differs(program, said.get(name).map_or("", String::as_str), shown)
        })
        .collect();
    assert!(!cases.is_empty() && wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The first example runs, and without the line that is taken out the compiler says what the page shows.
#[test]
fn the_example_of_the_readme_is_true() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = blocks(&page);
    let [program, conf, printed, change, said] =
        [("rust", 0), ("yaml", 0), ("text", 0), ("diff", 0), ("text", 1)]
            .map(|(language, number)| text(&blocks, language, number));
    let line = change.strip_prefix('-').expect("the change takes out a line");
    assert!(conf.contains(line), "{conf}");
    let package = |name: &str, conf: String| Package {
        name: name.to_owned(),
        files: vec![
            ("src/main.rs".into(), program.to_owned()),
            ("conf/averages.yml".into(), conf),
        ],
    };
    let workspace = write(
        "readme",
        &[
            package("averages", conf.to_owned()),
            package("forgotten", conf.replace(line, "")),
        ],
    )
    .unwrap();

    let built = cargo(&workspace, &["build", "-p", "averages"]).unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let input = page
        .split_once("`echo '")
        .and_then(|(_, rest)| rest.split_once('\''))
        .expect("a command that feeds it")
        .0;
    let dir = tempfile::tempdir().unwrap();
    let mut run = Command::new(target().join("debug/averages"))
        .arg("run")
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    run.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed);

    let errors = errors(&workspace);
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["forgotten"], "{errors:?}");
    assert_eq!(differs(&conf.replace(line, ""), &errors["forgotten"], said), None);
}

/// Why the page is wrong, if it is.
fn differs(program: &str, said: &str, shown: &str) -> Option<String> {
    let why = || format!("{program}\n--- the compiler says\n{said}\n--- the page shows\n{shown}");
    (!is_shown(shown, said)).then(why)
}

/// The text of the nth block of a language, counted from 0.
fn text<'a>(blocks: &'a [Block], language: &str, number: usize) -> &'a str {
    let mut blocks = blocks.iter().filter(|block| block.language == language);
    &blocks.nth(number).expect("the page has the block").text
}
