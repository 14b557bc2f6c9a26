//! Any text is read without a panic, in bounded time, and what is read without a problem is exported without a loss.
//!
//! `cargo xtask fuzz`, or in kis-conf: `RUSTC_BOOTSTRAP=1 cargo fuzz run read -- -max_total_time=600`.
#![no_main]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kis_conf::{CheckedConf, FileText, ReadOptions, Values, check_read, export, read_files};
use libfuzzer_sys::fuzz_target;

/// libFuzzer's inputs are a few kilobytes; reading these takes a millisecond, a thousand of them without optimizing.
const BOUND: Duration = Duration::from_secs(5);

fuzz_target!(|text: &str| {
    let start = Instant::now();
    let files = vec![FileText {
        name: "conf/a.yml".to_owned(),
        text: text.to_owned(),
    }];
    if let Some(conf) = read(&files) {
        let exported = export(&conf);
        let Some(again) = read(&numbered(&exported)) else {
            panic!("an export is not readable: {exported:#?}")
        };
        assert_eq!(export(&again), exported, "an export reads as something else");
        assert_eq!(
            without_spelling(&again),
            without_spelling(&conf),
            "an export lost something: {exported:#?}"
        );
    }
    assert!(start.elapsed() < BOUND, "took {:?}", start.elapsed());
});

fn read(files: &[FileText]) -> Option<CheckedConf> {
    let options = ReadOptions {
        values: Values::Given(BTreeMap::new()),
        ..ReadOptions::default()
    };
    match check_read(read_files(files.to_vec(), &options)) {
        Ok(conf) => Some(conf),
        Err(problems) => {
            assert!(!problems.to_string().is_empty());
            assert!(!problems.render(files).is_empty());
            None
        }
    }
}

/// The configuration as text, without places and without what only a spelling says.
fn without_spelling(conf: &CheckedConf) -> String {
    let mut conf = conf.clone();
    (conf.files, conf.warnings) = (Vec::new(), Vec::new());
    for flow in &mut conf.flows {
        flow.kisflow = false;
        let steps = flow.steps.iter_mut().chain(&mut flow.at_end);
        steps.for_each(|step| step.named |= step.name != step.fname);
    }
    let text = format!("{conf:?}");
    let mut parts = text.split("Place(");
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once(')').map_or(part, |(_, rest)| rest)
    })
}

/// Files whose names hold no bracket, so that places can be told from the rest.
fn numbered(files: &[FileText]) -> Vec<FileText> {
    let name = |(i, file): (usize, &FileText)| FileText {
        name: format!("conf/{i}.yml"),
        text: file.text.clone(),
    };
    files.iter().enumerate().map(name).collect()
}
