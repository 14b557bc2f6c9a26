//! What must be in the results: every row, none twice, each key in its order, and counted as often as it was seen.

use std::collections::{BTreeMap, BTreeSet};

use kis_core::conn::store::Letter;

use crate::job::{Item, Job};

/// The name of a row.
type Name = (i64, i64);

/// What is expected of the results of a job.
pub(crate) struct Oracle {
    /// The rows that must be in the results, by key, in their order.
    expected: BTreeMap<i64, Vec<i64>>,
    /// Those that must be dead letters.
    bad: Vec<Name>,
}

impl Oracle {
    /// All rows that were sent must be in the results.
    pub(crate) fn of(job: &Job) -> Oracle {
        Oracle::without(job, |_| false)
    }

    /// All rows but the bad ones must be in the results, and those are dead letters.
    pub(crate) fn without(job: &Job, is_bad: impl Fn(&Item) -> bool) -> Oracle {
        let (bad, good): (Vec<Item>, Vec<Item>) = job.sent().into_iter().partition(is_bad);
        let mut expected: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for item in good {
            expected.entry(item.key).or_default().push(item.seq);
        }
        Oracle {
            expected,
            bad: bad.iter().map(|item| (item.key, item.seq)).collect(),
        }
    }

    /// Each row is there once, and those of a key are in their order.
    #[track_caller]
    pub(crate) fn each_once_in_order(&self, got: &[Item]) -> &Oracle {
        let mut seqs: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for item in got {
            seqs.entry(item.key).or_default().push(item.seq);
        }
        for (key, expected) in &self.expected {
            let got = seqs.remove(key).unwrap_or_default();
            assert!(&got == expected, "key {key}: {}", difference(expected, &got));
        }
        assert!(seqs.is_empty(), "keys that nobody sent: {seqs:?}");
        self
    }

    /// Each row is there, at most so often, and no other.
    #[track_caller]
    pub(crate) fn each_at_most(&self, times: usize, got: &[Item]) -> &Oracle {
        let mut counts: BTreeMap<Name, usize> = BTreeMap::new();
        for item in got {
            *counts.entry((item.key, item.seq)).or_default() += 1;
        }
        for (key, expected) in &self.expected {
            for seq in expected {
                let count = counts.remove(&(*key, *seq)).unwrap_or_default();
                assert!(
                    (1..=times).contains(&count),
                    "row {seq} of key {key} is there {count} times"
                );
            }
        }
        assert!(counts.is_empty(), "rows that must not be there: {counts:?}");
        self
    }

    /// The state of each key counted each of its rows once, in their order.
    #[track_caller]
    pub(crate) fn counted(&self, got: &[Item]) -> &Oracle {
        let mut nth: BTreeMap<i64, i64> = BTreeMap::new();
        for item in got {
            let expected = nth.entry(item.key).or_default();
            *expected += 1;
            assert_eq!(
                item.nth, *expected,
                "key {}: row {} was counted as this",
                item.key, item.seq
            );
        }
        self
    }

    /// The state of each group counted each of its rows once, in any order of its keys.
    #[track_caller]
    pub(crate) fn counted_by_group(&self, got: &[Item]) -> &Oracle {
        let mut groups: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for item in got {
            groups.entry(item.group).or_default().push(item.in_group);
        }
        for (group, mut counts) in groups {
            counts.sort_unstable();
            let expected: Vec<i64> = (1..=counts.len() as i64).collect();
            assert!(
                counts == expected,
                "group {group}: {}",
                difference(&expected, &counts)
            );
        }
        self
    }

    /// Each bad row is one dead letter of this class, and nothing else is.
    #[track_caller]
    pub(crate) fn letters(&self, letters: &[Letter], class: &str) -> &Oracle {
        let mut got: Vec<Name> = letters.iter().map(name).collect();
        got.sort_unstable();
        let mut bad = self.bad.clone();
        bad.sort_unstable();
        let (is, should) = (set(&got), set(&bad));
        assert!(
            got == bad,
            "dead letters: missing {:?}, too many {:?}, {} of {}",
            should.difference(&is).take(5).collect::<Vec<_>>(),
            is.difference(&should).take(5).collect::<Vec<_>>(),
            got.len(),
            bad.len()
        );
        for letter in letters {
            assert_eq!(letter.class, class, "{letter:?}");
        }
        self
    }
}

/// The row that a dead letter holds.
pub(crate) fn name(letter: &Letter) -> Name {
    let item: Item = serde_json::from_slice(&letter.row.bytes).expect("a dead letter holds the row");
    (item.key, item.seq)
}

fn set(names: &[Name]) -> BTreeSet<Name> {
    names.iter().copied().collect()
}

/// What is wrong with the numbers, in words.
fn difference(expected: &[i64], got: &[i64]) -> String {
    let lost: Vec<_> = expected.iter().filter(|seq| !got.contains(seq)).take(5).collect();
    if !lost.is_empty() {
        return format!("lost {lost:?}, {} of {} are there", got.len(), expected.len());
    }
    if got.len() > expected.len() {
        let mut seen = BTreeSet::new();
        let twice: Vec<_> = got.iter().filter(|seq| !seen.insert(**seq)).take(5).collect();
        return format!("doubled {twice:?}, {} instead of {}", got.len(), expected.len());
    }
    let at = expected
        .iter()
        .zip(got)
        .position(|(a, b)| a != b)
        .unwrap_or_default();
    format!(
        "out of order: at {at} stand {:?} instead of {:?}",
        &got[at..(at + 5).min(got.len())],
        &expected[at..(at + 5).min(expected.len())]
    )
}
