//! Every code has a page with a bad and a good example, and the examples do what the page says.

use kis_conf::{Code, ReadOptions, check_read, read_files};

use crate::file;

/// The text of the first block behind a heading.
fn block<'a>(page: &'a str, heading: &str) -> Option<(&'a str, &'a str)> {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n"))?;
    let (_, rest) = rest.split_once("```")?;
    let (language, rest) = rest.split_once('\n')?;
    let (text, _) = rest.split_once("```")?;
    Some((language, text))
}

/// The codes that reading and checking an example finds.
fn found(text: &str) -> Vec<Code> {
    let read = read_files(vec![file("conf/a.yml", text)], &ReadOptions::default());
    match check_read(read) {
        Ok(conf) => conf.warnings.iter().map(|problem| problem.code).collect(),
        Err(problems) => problems.iter().map(|problem| problem.code).collect(),
    }
}

/// Codes whose fault a YAML text alone cannot have: bytes, the file system, the Rust functions or
/// a store are needed.
fn needs_more(code: Code) -> bool {
    let number = code.as_str();
    let fits = [
        "KIS0116", "KIS0117", "KIS0118", "KIS0119", "KIS0121", "KIS0126", "KIS0129",
    ];
    matches!(number, "KIS0009" | "KIS0010")
        || number.starts_with("KIS02")
        || (number.starts_with("KIS01") && !fits.contains(&number))
}

#[test]
fn pages() {
    for code in Code::ALL {
        let page = code.page();
        assert!(
            page.starts_with(&format!("# {code}: {}\n", code.title())),
            "{code}: the title is not the code's\n{page}"
        );
        let (Some(bad), Some(good)) = (block(page, "Bad"), block(page, "Good")) else {
            panic!("{code}: a page has ## Bad and ## Good with an example each");
        };
        if bad.0 == "yaml" && !needs_more(*code) {
            let codes = found(bad.1);
            assert!(codes.contains(code), "{code}: the bad example gives {codes:?}");
        }
        if good.0 == "yaml" {
            assert_eq!(found(good.1), [], "{code}: the good example");
        }
    }
}

#[test]
fn numbers_are_unique_and_sorted() {
    assert!(Code::ALL.is_sorted_by(|a, b| a.as_str() < b.as_str()));
    assert_eq!(Code::parse(" kis0001 "), Some(Code::NotYaml));
}
