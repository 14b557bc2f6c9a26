//! One case: the rows, what happens to them, the steps, and when the flow is stopped and how.

use std::collections::HashMap;

use proptest::{prelude::*, sample::select};

use crate::functions::{Fault, Id, World};

/// A whole case. Its `Debug` text is what a failure shows.
#[derive(Clone, Debug)]
pub struct Case {
    /// The rows of each partition.
    pub rows: Vec<Vec<RowCase>>,
    pub order: Order,
    pub steps: Vec<&'static str>,
    pub batch: u32,
    pub attempts: u32,
    pub backoff: &'static str,
    pub parked: &'static str,
    /// In microseconds.
    pub checkpoint: u64,
    /// Threads beside the one that drives the test; with 0 the same thread does all the work.
    pub workers: usize,
    /// Sources and store are files.
    pub files: bool,
    /// How the flow is run until it is left alone.
    pub runs: Vec<Run>,
    /// Lanes of the last run.
    pub lanes: usize,
}

/// One row, and how it fails: the step, the way, how often.
#[derive(Clone, Debug)]
pub struct RowCase {
    pub key: usize,
    pub group: i64,
    pub dropped: bool,
    /// It lacks a field.
    pub broken: bool,
    pub faults: Vec<(&'static str, Fault, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Key,
    Partition,
    None,
}

/// One run of the flow that is stopped.
#[derive(Clone, Debug)]
pub struct Run {
    pub lanes: usize,
    pub at: Moment,
    pub stop: Stop,
}

/// When a run is stopped, if it has not ended before.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    Received(u64),
    Cuts(u64),
    Parked(u64),
    Tried(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Now,
    Drain,
    /// The runtime goes away under the engine. On files, where the store can be opened again; else as `Now`.
    Drop,
}

impl Case {
    /// The case's configuration; relative paths are in `dir`.
    pub fn yaml(&self) -> String {
        let order = match self.order {
            Order::Key => "{ by: key }",
            Order::Partition => "partition",
            Order::None => "none",
        };
        let more = format!(
            "flow: items\nrow: Item\norder: {order}\nbatch: {{ rows: {} }}\n",
            self.batch
        );
        let mut text = String::new();
        if self.files {
            text += &format!("kistype: source\nsname: files\ntype: file\nkey: in/*.jsonl\n{more}---\n");
        } else {
            for src in 0..self.rows.len() {
                let rows: String = self
                    .json(src)
                    .iter()
                    .map(|row| format!("    - {row}\n"))
                    .collect();
                let rows = if rows.is_empty() {
                    " []\n".to_owned()
                } else {
                    format!("\n{rows}")
                };
                text += &format!(
                    "kistype: source\nsname: s{src}\ntype: memory\n{more}params:\n  rows:{rows}---\n"
                );
            }
        }
        if self.steps.contains(&"write") {
            text += "kistype: conn\ncname: out\ntype: file\nkey: out.jsonl\n---\n";
        }
        text += &format!(
            "kistype: flow\nstatus: 1\nflow_name: items\nparked: {}\non_error: {{ retry: {{ attempts: {}, backoff: {} }}, budget: none }}\nflows:\n",
            self.parked, self.attempts, self.backoff
        );
        text.extend(self.steps.iter().map(|step| format!("  - fname: {step}\n")));
        text
    }

    /// The rows of a partition as JSON.
    pub fn json(&self, src: usize) -> Vec<String> {
        let rows = self.rows[src].iter().enumerate();
        let json = rows.map(|(n, row)| {
            let group = if row.broken {
                String::new()
            } else {
                format!(", \"group\": {}", row.group)
            };
            format!("{{\"src\": {src}, \"n\": {n}, \"key\": \"k{}\"{group}}}", row.key)
        });
        json.collect()
    }

    /// A row of the case.
    pub fn row(&self, (src, n): Id) -> Option<&RowCase> {
        self.rows
            .get(usize::try_from(src).ok()?)?
            .get(usize::try_from(n).ok()?)
    }

    /// All rows.
    pub fn ids(&self) -> impl Iterator<Item = Id> + '_ {
        let partitions = self.rows.iter().enumerate();
        partitions.flat_map(|(src, rows)| (0..rows.len()).map(move |n| (src as i64, n as i64)))
    }

    /// What is outside of its flow when it begins.
    pub fn world(&self) -> World {
        let mut faults = HashMap::new();
        let mut dropped = Vec::new();
        for id in self.ids() {
            let row = self.row(id).expect("it is one of the case");
            let own = row.faults.iter();
            faults.extend(own.map(|(step, fault, times)| (((*step).to_owned(), id), (*fault, *times))));
            if row.dropped {
                dropped.push(id);
            }
        }
        World {
            faults: faults.into(),
            dropped,
            ..World::default()
        }
    }

    /// Whether any fault of the case is of this kind.
    pub fn has(&self, wanted: Fault) -> bool {
        let mut faults = self.rows.iter().flatten().flat_map(|row| &row.faults);
        faults.any(|(_, fault, _)| *fault == wanted)
    }

    /// How many runs a fault may end.
    pub fn fatal(&self) -> usize {
        let faults = self.rows.iter().flatten().flat_map(|row| &row.faults);
        let fatal = faults.filter(|(_, fault, _)| *fault == Fault::Fatal);
        fatal.map(|(_, _, times)| *times as usize).sum()
    }
}

/// Any case.
pub fn case(files: bool) -> impl Strategy<Value = Case> {
    let order = select(vec![
        Order::Key,
        Order::Key,
        Order::Key,
        Order::Partition,
        Order::None,
    ]);
    (order, 0..2u8)
        .prop_flat_map(|(order, away)| (Just(order), steps(order), Just(away == 0)))
        .prop_flat_map(move |(order, steps, calm)| {
            let rows = prop::collection::vec(row(steps.clone(), calm), 0..24);
            let settings = (
                select(vec![1, 2, 3, 5, 8]),
                select(vec![2, 3, 5, 1000]),
                select(vec!["0us..0us", "1us..300us", "1ms..2ms"]),
                select(vec![
                    "{ rows: 10000 }",
                    "{ rows: 10000 }",
                    "{ rows: 3 }",
                    "{ rows: 1, overflow: wait }",
                    "{ rows: 6, overflow: wait }",
                ]),
                select(vec![200, 1000, 4000]),
                select(vec![0, 1, 2]),
            );
            let runs = prop::collection::vec(run(), 0..4);
            (
                prop::collection::vec(rows, 1..4),
                Just((order, steps)),
                settings,
                runs,
                1..6usize,
            )
        })
        .prop_map(move |(rows, (order, steps), settings, runs, lanes)| {
            let (batch, attempts, backoff, parked, checkpoint, workers) = settings;
            Case {
                rows,
                order,
                steps,
                batch,
                attempts,
                backoff,
                parked,
                checkpoint,
                workers,
                files,
                runs,
                lanes,
            }
        })
}

fn run() -> impl Strategy<Value = Run> {
    let moment = prop_oneof![
        (0..40u64).prop_map(Moment::Received),
        (0..6u64).prop_map(Moment::Cuts),
        (1..8u64).prop_map(Moment::Parked),
        (1..20u64).prop_map(Moment::Tried),
    ];
    let stop = select(vec![Stop::Now, Stop::Drop, Stop::Drain]);
    (1..6usize, moment, stop).prop_map(|(lanes, at, stop)| Run { lanes, at, stop })
}

/// The steps of a flow, in their order.
fn steps(order: Order) -> impl Strategy<Value = Vec<&'static str>> {
    let by_key = order == Order::Key;
    let any = |of: &[&'static str]| prop::sample::subsequence(of.to_vec(), 0..=of.len());
    let fold = select(vec![vec![], vec!["fold"], vec!["fold"], vec!["fold_all"]]);
    (
        any(&["look"]),
        fold,
        any(&[
            "load",
            "names",
            "whole",
            "save_names",
            "save_whole",
            "write",
            "mail",
        ]),
        any(&["regroup"]),
        any(&["load_again"]),
    )
        .prop_map(move |(look, fold, middle, regroup, again)| {
            let fold = if by_key { fold } else { Vec::new() };
            [look, fold, middle, regroup, again, vec!["finish"]].concat()
        })
}

fn row(steps: Vec<&'static str>, calm: bool) -> impl Strategy<Value = RowCase> {
    // A connector that is away costs time, since its first try waits.
    let rare = match calm {
        true => vec![Fault::Retry],
        false => vec![Fault::Fatal, Fault::Fatal, Fault::Unavailable],
    };
    let fault = prop_oneof![
        40 => (Just(Fault::Retry), 1..5u32),
        6 => (Just(Fault::Reject), 1..3u32),
        4 => (Just(Fault::Panic), 1..3u32),
        1 => (select(rare), Just(1u32)),
    ];
    let fault = (select(steps), fault).prop_map(|(step, (fault, times))| (step, fault, times));
    let faults = prop_oneof![
        3 => Just(Vec::new()).boxed(),
        2 => prop::collection::vec(fault, 1..3).boxed(),
    ];
    (
        0..4usize,
        0..3i64,
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.03),
        faults,
    )
        .prop_map(|(key, group, dropped, broken, faults)| RowCase {
            key,
            group,
            dropped,
            broken,
            faults,
        })
}
