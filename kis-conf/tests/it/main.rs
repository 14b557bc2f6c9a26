//! The configuration as a user meets it: files in, a checked configuration or problems out.

mod bad;
mod book;
mod codes;
mod export;
mod files;
mod kinds;
mod kisflow;
mod limits;
mod params;
mod values;

use std::fmt::Debug;

use kis_conf::{CheckedConf, FileText, Problems, ReadOptions, check_read, read_files};

/// A file of a configuration.
fn file(name: &str, text: &str) -> FileText {
    FileText {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// Reads and checks one file.
fn load(text: &str) -> Result<CheckedConf, Problems> {
    load_all(&[("conf/a.yml", text)])
}

/// Reads and checks some files.
fn load_all(files: &[(&str, &str)]) -> Result<CheckedConf, Problems> {
    let files = files.iter().map(|(name, text)| file(name, text)).collect();
    check_read(read_files(files, &ReadOptions::default()))
}

/// What is wrong with one file, a line per problem; warnings too.
fn problems(text: &str) -> String {
    match load(text) {
        Ok(conf) => conf
            .warnings
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
        Err(problems) => problems.to_string(),
    }
}

/// The cases of a table with what is wrong with each, for a snapshot.
fn table(cases: &[(&str, &str)]) -> String {
    cases
        .iter()
        .map(|(name, text)| format!("## {name}\n{}\n\n", problems(text)))
        .collect()
}

/// A value's debug text without places.
fn without_places(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let mut parts = text.split("Place(");
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once(')').map_or(part, |(_, rest)| rest)
    })
}
