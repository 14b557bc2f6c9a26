//! The gallery of mistakes shows what the compiler says today; its `sh` blocks are run with all others.

use std::fs;

use crate::package::{Package, errors, write};
use crate::page::{blocks, is_shown, root};

/// Each `rust` block of the page is a program, and the `text` block behind it what the compiler says to it.
#[test]
fn the_compiler_says_what_the_gallery_shows() {
    let folder = root().join("kis-examples/src/bin/errors");
    let page = fs::read_to_string(folder.join("README.md")).unwrap();
    let blocks = blocks(&page);
    let cases: Vec<_> = blocks
        .windows(2)
        .filter(|pair| pair[0].language == "rust" && pair[1].language == "text")
        .enumerate()
        .map(|(number, pair)| (format!("mistake-{number}"), &pair[0].text, &pair[1].text))
        .collect();
    assert!(!cases.is_empty());

    let packages: Vec<Package> = cases
        .iter()
        .map(|(name, program, _)| Package {
            name: name.clone(),
            files: vec![
                ("src/main.rs".into(), format!("{program}{MAIN}")),
            ],
        })
        .collect();
    let workspace = write("gallery", &packages).unwrap();
    let said = errors(&workspace);
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, program, shown)| {
            let said = said.get(name).map_or("nothing", String::as_str);
            (!is_shown(shown, said)).then(|| format!("{program}\n--- the compiler says\n{said}\n--- the page shows\n{shown}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What a block leaves out.
const MAIN: &str = "\nfn main() {}\n";
