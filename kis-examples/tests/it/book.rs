//! The book does what it says: its programs compile, its commands print what is shown, its links lead somewhere.
//!
//! A page that shows `src/main.rs` is a program of its own. The Rust of the other pages is compiled by the doc tests of
//! `src/book.rs`, and all YAML is checked by `kis-conf`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    package::{self, Package},
    page::{Block, blocks, root},
    readmes::{bins, run_blocks},
};

/// The pages that are there in Chinese too, below `docs/src` but for the first: they show the same blocks.
const TRANSLATED: &[(&str, &str)] = &[
    ("README.md", "README.zh-CN.md"),
    ("docs/src/first-flow.md", "docs/src/zh-CN/first-flow.md"),
];

/// A page of the book.
struct Page {
    /// Its path below `docs/src`.
    path: String,
    text: String,
    blocks: Vec<Block>,
}

impl Page {
    /// Whether it shows a whole program. A translation shows the same one.
    fn is_program(&self) -> bool {
        let translation = TRANSLATED
            .iter()
            .any(|(_, path)| *path == format!("docs/src/{}", self.path));
        !translation && self.files().any(|(path, _)| path == Path::new("src/main.rs"))
    }

    fn files(&self) -> impl Iterator<Item = (PathBuf, String)> {
        let file = |block: &Block| Some((PathBuf::from(block.file.as_ref()?), block.text.clone()));
        self.blocks.iter().filter_map(file)
    }

    /// What its program is called.
    fn program(&self) -> String {
        let name = self.path.trim_end_matches(".md").replace(['/', '-'], "_");
        format!("book_{name}")
    }
}

#[test]
fn programs_run() {
    let programs: Vec<Page> = pages().into_iter().filter(Page::is_program).collect();
    assert!(!programs.is_empty());
    let packages: Vec<Package> = programs
        .iter()
        .map(|page| Package {
            name: page.program(),
            files: page.files().collect(),
        })
        .collect();
    let dir = package::write("book", &packages).unwrap();
    let built = package::cargo(&dir, &["build", "--workspace"]).unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success() && !said.contains("warning: "), "{said}");
    for page in &programs {
        let program = package::target().join("debug").join(page.program());
        run_blocks(&page.path, &page.blocks, Some(&program));
    }
}

#[test]
fn commands_of_other_pages_run() {
    for page in pages().iter().filter(|page| !page.is_program()) {
        if page.files().next().is_none() {
            run_blocks(&page.path, &page.blocks, None);
        }
    }
}

#[test]
fn rust_of_other_pages_is_compiled() {
    let compiled = fs::read_to_string(root().join("kis-examples/src/book.rs")).unwrap();
    for page in pages().iter().filter(|page| !page.is_program()) {
        let has_rust = page
            .blocks
            .iter()
            .any(|block| block.language.starts_with("rust") && block.file.is_none());
        assert_eq!(
            has_rust,
            compiled.contains(&format!("\"{}\"", page.path)),
            "{}: a page is named in kis-examples/src/book.rs if it has Rust and is no program",
            page.path
        );
    }
}

/// Every metric that is written has its line.
#[test]
fn metrics_are_named() {
    let page = fs::read_to_string(root().join("docs/src/reference/metrics.md")).unwrap();
    let written: String = fs::read_dir(root().join("kis-core/src/observe/metrics"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && !path.ends_with("tests.rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let names: Vec<&str> = written
        .split('"')
        .filter(|text| {
            ["kis_", "kisflow_", "flow_", "func_"]
                .iter()
                .any(|begin| text.starts_with(begin))
        })
        .filter(|name| name.chars().all(|c| c == '_' || c.is_ascii_lowercase()))
        .filter(|name| !["flow_name", "func_name", "func_mode"].contains(name))
        .collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "{name} is not on the page");
    }
}

/// Every command and option of the help has its place.
#[test]
fn commands_are_named() {
    let page = fs::read_to_string(root().join("docs/src/reference/cli.md")).unwrap();
    let help = |args: &[&str]| {
        let output = Command::new(bins().join("student_average"))
            .args(args)
            .arg("--help")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let mut asked = vec![Vec::new()];
    while let Some(args) = asked.pop() {
        let help = help(&args.iter().map(String::as_str).collect::<Vec<_>>());
        for option in help
            .lines()
            .filter_map(|line| line.trim_start().split("--").nth(1))
        {
            let option = option.split([' ', '=', ',']).next().unwrap();
            assert!(
                page.contains(&format!("--{option}")),
                "{args:?}: --{option} is not on the page"
            );
        }
        let commands = help.split("\nCommands:\n").nth(1).unwrap_or_default();
        for line in commands.lines().take_while(|line| !line.is_empty()) {
            // Further lines of a command's text are indented more.
            let Some(command) = line.strip_prefix("  ").and_then(|line| line.split(' ').next()) else {
                continue;
            };
            if command.is_empty() {
                continue;
            }
            let whole: Vec<String> = args.iter().cloned().chain([command.to_owned()]).collect();
            assert!(
                page.contains(&format!("`{}", whole.join(" "))),
                "{} is not on the page",
                whole.join(" ")
            );
            asked.push(whole);
        }
    }
}

#[test]
fn translations_show_the_same_blocks() {
    for (page, translation) in TRANSLATED {
        let read = |path: &str| blocks(&fs::read_to_string(root().join(path)).unwrap());
        assert_eq!(read(page), read(translation), "{translation}");
    }
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let summary = pages.iter().find(|page| page.path == "SUMMARY.md").unwrap();
    let listed: Vec<&str> = links(&summary.text).collect();
    for page in pages.iter().filter(|page| page.path != "SUMMARY.md") {
        assert!(
            listed.contains(&page.path.as_str()),
            "{} is not in SUMMARY.md",
            page.path
        );
    }
    let src = root().join("docs/src");
    for page in &pages {
        let home = src.join(&page.path);
        for link in links(&page.text) {
            let (path, part) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                home.clone()
            } else {
                home.parent().unwrap().join(path)
            };
            assert!(target.exists(), "{}: {link} leads nowhere", page.path);
            if !part.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let parts: Vec<String> = text.lines().filter_map(anchor).collect();
                assert!(
                    parts.iter().any(|known| known == part),
                    "{}: {link}: known are {parts:?}",
                    page.path
                );
            }
        }
    }
}

/// All pages below `docs/src`, in the order of their paths.
fn pages() -> Vec<Page> {
    let src = root().join("docs/src");
    let mut folders = vec![src.clone()];
    let mut pages = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                let text = fs::read_to_string(&path).unwrap();
                pages.push(Page {
                    path: path.strip_prefix(&src).unwrap().display().to_string(),
                    blocks: blocks(&text),
                    text,
                });
            }
        }
    }
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    pages
}

/// Where the links of a page lead to in this repository. Blocks have none.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n```")
        .step_by(2)
        .flat_map(|prose| prose.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')'))
        .map(|(link, _)| link)
        .filter(|link| !link.contains("://"))
}

/// The name by which a heading is linked to.
fn anchor(line: &str) -> Option<String> {
    let heading = line
        .strip_prefix('#')?
        .trim_start_matches('#')
        .strip_prefix(' ')?;
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
}
