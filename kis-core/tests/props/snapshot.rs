//! What a store holds of the flow after one of its cuts.

use std::{collections::HashMap, path::Path};

use kis_core::conn::store::{KEY_GROUPS, Store};
use serde::Deserialize;

use crate::{case::Case, functions::Id};

/// Everything that one cut left behind.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub cut: u64,
    /// How many rows of each partition are committed.
    pub committed: Vec<i64>,
    /// Rows that are settled by a letter, and the step.
    pub letters: Vec<(Found, String)>,
    /// The codes of the letters, by row.
    pub codes: HashMap<Id, String>,
    /// Rows that are parked, and the step.
    pub parked: Vec<(Found, String)>,
    /// Rows that a step has had its effect for, by step.
    pub effects: HashMap<&'static str, Vec<Found>>,
    /// The rows that each key of a state has seen, by step.
    pub states: HashMap<&'static str, HashMap<Vec<u8>, Vec<Id>>>,
}

/// A row as it was found somewhere.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Found {
    pub src: i64,
    pub n: i64,
    pub nth: Option<i64>,
}

impl Found {
    pub fn id(&self) -> Id {
        (self.src, self.n)
    }
}

#[derive(Deserialize)]
struct Stored {
    rows: String,
}

impl Snapshot {
    /// Reads what the last cut left; cuts may be made meanwhile.
    pub fn take(case: &Case, store: &Store, dir: &Path) -> Snapshot {
        loop {
            let cut = cut_of(store);
            let taken = take(case, store, dir, cut);
            if cut_of(store) == cut {
                return taken;
            }
        }
    }

    /// The effects of a step, without what the rows looked like.
    pub fn effect(&self, step: &str) -> Vec<Id> {
        let found = self.effects.get(step).into_iter().flatten();
        let mut ids: Vec<Id> = found.map(Found::id).collect();
        ids.extend(
            self.states
                .get(step)
                .into_iter()
                .flat_map(HashMap::values)
                .flatten(),
        );
        ids.sort_unstable();
        ids
    }
}

fn cut_of(store: &Store) -> u64 {
    store.record("items").unwrap().unwrap_or_default().cut
}

fn take(case: &Case, store: &Store, dir: &Path, cut: u64) -> Snapshot {
    let mut taken = Snapshot {
        cut,
        committed: vec![0; case.rows.len()],
        ..Snapshot::default()
    };
    for (source, partition, position) in store.positions("items").unwrap() {
        let digits = |text: &str| -> i64 {
            let digits = text.chars().filter(char::is_ascii_digit);
            digits.collect::<String>().parse().unwrap()
        };
        let file = partition.as_str().rsplit('/').next().unwrap_or_default();
        let src = digits(if case.files { file } else { &source });
        let text = String::from_utf8(position.as_bytes().to_vec()).unwrap();
        let row = text
            .split(' ')
            .find_map(|word| word.strip_prefix("row="))
            .unwrap();
        taken.committed[src as usize] = row.parse().unwrap();
    }
    for letter in store.letters("items").unwrap() {
        let found = found(&letter.row.bytes);
        taken
            .codes
            .insert(found.id(), format!("{} {}", letter.class, letter.code));
        taken.letters.push((found, letter.step));
    }
    for parked in store.parked("items").unwrap() {
        taken.parked.push((found(&parked.row.bytes), parked.step));
    }
    for step in &case.steps {
        match *step {
            "fold" | "fold_all" | "regroup" => {
                taken.states.insert(step, states(store, step));
            }
            "save_names" => drop(taken.effects.insert(step, table(store, "saved"))),
            "save_whole" => drop(taken.effects.insert(step, table(store, "saved_whole"))),
            "finish" => drop(taken.effects.insert(step, table(store, "done"))),
            "write" => drop(taken.effects.insert(step, written(store, dir))),
            _ => {}
        }
    }
    taken
}

fn found(json: &[u8]) -> Found {
    serde_json::from_slice(json).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(json)))
}

fn table(store: &Store, name: &str) -> Vec<Found> {
    let mut rows = Vec::new();
    let each = |_: &[u8], value: &[u8]| {
        let json = kis_core::conn::row_as_json(value).unwrap();
        rows.push(found(json.to_string().as_bytes()));
    };
    store.table_scan(name, each).unwrap();
    rows
}

/// The rows of the file as far as the cut covers it.
fn written(store: &Store, dir: &Path) -> Vec<Found> {
    let notes = store.notes("items").unwrap();
    let Some((_, note)) = notes.into_iter().find(|(conn, _)| conn == "out") else {
        return Vec::new();
    };
    let note = String::from_utf8(note).unwrap();
    let len: usize = note
        .split(' ')
        .find_map(|word| word.strip_prefix("len="))
        .unwrap()
        .parse()
        .unwrap();
    let text = std::fs::read(dir.join("out.jsonl")).unwrap_or_default();
    assert!(text.len() >= len, "the file is shorter than its last cut says");
    let lines = text[..len].split(|byte| *byte == b'\n');
    lines.filter(|line| !line.is_empty()).map(found).collect()
}

fn states(store: &Store, step: &str) -> HashMap<Vec<u8>, Vec<Id>> {
    let mut states = HashMap::new();
    store
        .state("items", step, 0..KEY_GROUPS, |_, key, value| {
            let stored: Stored = rmp_serde::from_slice(&value.bytes).unwrap();
            let ids = stored.rows.split_whitespace().map(|row| {
                let (src, n) = row.split_once(':').unwrap();
                (src.parse().unwrap(), n.parse().unwrap())
            });
            states.insert(key.to_vec(), ids.collect());
        })
        .unwrap();
    states
}
