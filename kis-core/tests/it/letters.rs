//! Every row that fails has a dead letter of its own, and rows that failed stay away.

use insta::assert_snapshot;
use kis_core::{conn::store::Store, prelude::*};

use crate::check::{letters, run};

#[derive(Row, Clone)]
pub struct Word {
    pub text: String,
    pub len: i64,
}

#[kis_function(mode = "Expand")]
pub fn three_times(word: &Word) -> Vec<Word> {
    vec![word.clone(), word.clone(), word.clone()]
}

#[kis_function(mode = "Calculate")]
pub fn all_words(words: &[Word]) -> Vec<Word> {
    words.to_vec()
}

#[derive(Clone, Default, State)]
#[state(ttl = "1d")]
pub struct Words {
    pub seen: u64,
}

#[kis_function(mode = "Calculate", key = "len")]
pub fn by_len(word: &Word, words: &mut Words) -> Word {
    words.seen += 1;
    word.clone()
}

#[kis_function(mode = "Verify")]
pub fn refuse(word: &Word) -> Result<()> {
    Err(Error::reject(format!("no {}", word.text)))
}

fn origins(steps: &[&str], lanes: usize) -> String {
    let steps: String = steps.iter().map(|step| format!("  - fname: {step}\n")).collect();
    let yaml = format!(
        "kistype: source\nsname: words\ntype: memory\nflow: words\nparams:\n  rows:\n    - {{ text: a, len: 1 }}\n    - {{ text: b, len: 2 }}\n---\nkistype: flow\nstatus: 1\nflow_name: words\nflows:\n{steps}"
    );
    let store = Store::in_memory();
    run(&yaml, lanes, &store);
    let texts = letters(&store, "words");
    let origins = texts.lines().map(|line| line.split(" {").next().unwrap_or(line));
    origins.map(|line| format!("{line}\n")).collect()
}

#[test]
fn rows_made_of_one_row_are_letters_of_their_own() {
    assert_snapshot!(origins(&["three_times", "refuse"], 2), @r#"
    refuse reject reject words:1 (2)
    refuse reject reject words:1 (3)
    refuse reject reject words:1
    refuse reject reject words:2 (2)
    refuse reject reject words:2 (3)
    refuse reject reject words:2
    "#);
}

#[test]
fn rows_made_of_a_batch_are_letters_of_their_own() {
    assert_snapshot!(origins(&["all_words", "refuse"], 2), @r#"
    refuse reject reject words:1 and 1 rows behind it (2)
    refuse reject reject words:1 and 1 rows behind it
    "#);
}

#[test]
fn letters_stay_apart_behind_a_change_of_lanes() {
    for steps in [
        ["three_times", "by_len", "refuse"],
        ["all_words", "by_len", "refuse"],
    ] {
        assert_eq!(
            origins(&steps, 1),
            origins(&steps, 3),
            "one lane and three differ"
        );
    }
    assert_snapshot!(origins(&["three_times", "by_len", "refuse"], 3), @r#"
    refuse reject reject words:1.1
    refuse reject reject words:1.2
    refuse reject reject words:1.3
    refuse reject reject words:2.1
    refuse reject reject words:2.2
    refuse reject reject words:2.3
    "#);
    assert_snapshot!(origins(&["all_words", "by_len", "refuse"], 3), @r#"
    refuse reject reject a batch from words:1 and 1 rows behind it:1
    refuse reject reject a batch from words:1 and 1 rows behind it:2
    "#);
}
