//! One flow of the program `faults` in a folder of its own: its configuration, its rows, and what came of them.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use kis_core::conn::{Store, row_as_json, store::Letter};
use serde::Deserialize;
use tempfile::TempDir;

use crate::{
    process::{Ended, Process},
    scale::mix,
};

/// A row as the program `faults` reads and writes it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    pub(crate) key: i64,
    pub(crate) group: i64,
    pub(crate) seq: i64,
    pub(crate) nth: i64,
    pub(crate) in_group: i64,
}

/// How a flow is configured.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// How many rows, of how many keys, in how many files.
    pub(crate) rows: u64,
    pub(crate) keys: u64,
    pub(crate) files: u64,
    /// The kind of the source: `file` or `spool`.
    pub(crate) source: &'static str,
    /// `by: key`, or another text under `order:`.
    pub(crate) order: &'static str,
    /// Rows of a batch.
    pub(crate) batch: u32,
    pub(crate) lanes: u32,
    /// Function and params, in their order.
    pub(crate) steps: Vec<(&'static str, &'static str)>,
    /// More settings of the flow, one a line.
    pub(crate) settings: String,
    pub(crate) checkpoint: &'static str,
    /// `drain.timeout`.
    pub(crate) drain: &'static str,
    /// Where the rows are written; relative to the folder of the test.
    pub(crate) out: PathBuf,
    pub(crate) store: PathBuf,
    /// Where the files with rows are.
    pub(crate) input: String,
}

impl Default for Flow {
    fn default() -> Flow {
        Flow {
            rows: 20_000,
            keys: 50,
            files: 1,
            source: "file",
            order: "{ by: key }",
            batch: 100,
            lanes: 3,
            steps: Vec::new(),
            settings: String::new(),
            checkpoint: "20ms",
            drain: "30s",
            out: "out.jsonl".into(),
            store: "store".into(),
            input: "rows-*.jsonl".to_owned(),
        }
    }
}

/// The folder of a test, with a flow in it.
pub(crate) struct Job {
    pub(crate) flow: Flow,
    dir: TempDir,
    starts: Cell<u32>,
}

impl Job {
    /// Writes rows and configuration into a new folder.
    pub(crate) fn new(flow: Flow) -> Job {
        let job = Job {
            flow,
            dir: tempfile::tempdir().unwrap(),
            starts: Cell::new(0),
        };
        let mut files = vec![String::new(); job.flow.files as usize];
        for item in job.sent() {
            let Item { key, group, seq, .. } = item;
            let line =
                format!("{{\"key\":{key},\"group\":{group},\"seq\":{seq},\"nth\":0,\"in_group\":0}}\n");
            files[(key as u64 % job.flow.files) as usize].push_str(&line);
        }
        for (number, text) in files.iter().enumerate() {
            fs::write(job.path(format!("rows-{number}.jsonl")), text).unwrap();
        }
        let flow = job.flow.clone();
        job.configure(flow)
    }

    /// The same folder with another configuration.
    pub(crate) fn configure(mut self, flow: Flow) -> Job {
        self.flow = flow;
        fs::create_dir_all(self.path("conf")).unwrap();
        fs::write(self.path("conf/flow.yml"), self.flow.yaml()).unwrap();
        self
    }

    /// The rows in the order in which they are given: those of a key are numbered from 1.
    pub(crate) fn sent(&self) -> Vec<Item> {
        let mut seqs: BTreeMap<u64, i64> = BTreeMap::new();
        let keys = (0..self.flow.rows).map(|row| mix(row + 1) % self.flow.keys);
        keys.map(|key| {
            let seq = seqs.entry(key).or_default();
            *seq += 1;
            Item {
                key: key as i64,
                group: (key % 7) as i64,
                seq: *seq,
                nth: 0,
                in_group: 0,
            }
        })
        .collect()
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The command that runs the flow.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faults"));
        command
            .current_dir(self.dir.path())
            .args(["run", "--conf", "conf", "--listen", "0"]);
        command
    }

    pub(crate) fn start(&self) -> Process {
        self.start_as(&mut self.command())
    }

    pub(crate) fn start_as(&self, command: &mut Command) -> Process {
        self.starts.set(self.starts.get() + 1);
        Process::start(command, self.path(format!("start-{}", self.starts.get())))
    }

    /// Runs the flow to its end.
    pub(crate) fn run(&self) -> Ended {
        self.start().wait()
    }

    /// How many bytes are in the file that the flow writes.
    pub(crate) fn written(&self) -> u64 {
        fs::metadata(self.path(&self.flow.out)).map_or(0, |file| file.len())
    }

    /// The rows that the flow wrote.
    pub(crate) fn out(&self) -> Vec<Item> {
        self.items(&self.flow.out)
    }

    /// The rows in a file of the folder.
    pub(crate) fn items(&self, file: impl AsRef<Path>) -> Vec<Item> {
        let text = fs::read_to_string(self.path(file)).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
            .collect()
    }

    /// The rows of a table.
    pub(crate) fn table(&self, name: &str) -> Vec<Item> {
        let mut rows = Vec::new();
        let scanned = self.open_store().table_scan(name, |_, row| {
            rows.push(serde_json::from_value(row_as_json(row).unwrap()).unwrap());
        });
        scanned.unwrap();
        rows
    }

    /// The dead letters.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.open_store().letters("flow").unwrap()
    }

    fn open_store(&self) -> Store {
        Store::open(&self.path(&self.flow.store)).unwrap()
    }
}

impl Flow {
    fn yaml(&self) -> String {
        let mut steps = String::new();
        for (function, params) in &self.steps {
            writeln!(steps, "  - fname: {function}\n    params: {{ {params} }}").unwrap();
        }
        let Flow {
            source,
            order,
            batch,
            lanes,
            settings,
            checkpoint,
            drain,
            input,
            ..
        } = self;
        let (out, store) = (self.out.display(), self.store.display());
        format!(
            "kistype: source
sname: rows
type: {source}
key: {input}
flow: flow
row: Item
order: {order}
batch: {{ rows: {batch} }}
---
kistype: flow
status: 1
flow_name: flow
lanes: {lanes}
{settings}
flows:
{steps}---
kistype: conn
cname: out
type: file
key: {out}
params: {{ existing: append }}
---
{CONNS}---
kistype: global
store: {{ path: {store} }}
checkpoint: {{ every: {checkpoint} }}
drain: {{ timeout: {drain} }}
workers: 2
"
        )
    }
}

const CONNS: &str = "kistype: conn
cname: plain
type: plain
key: plain.jsonl
---
kistype: conn
cname: gate
type: gate
key: gate-is-shut
---
kistype: conn
cname: tripwire
type: tripwire
key: trip
---
kistype: conn
cname: newest
type: table
";
