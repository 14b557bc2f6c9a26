//! Writing files: cuts, restarts, files of others, full disks.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use kis_conf::{Node, Param, Params, Place, Placed};
use serde::Serialize;
use tempfile::TempDir;

use super::super::{FileClient, FileSink, FileSinkParams};
use crate::store::FlowCut;
use crate::suite::cases::{Text, run};
use crate::suite::{ConnectorUnderTest, check_connector};
use crate::{ConnError, ConnSpec, Connector, ErrorClass, FlowTables, LaneContext, LaneCut, Store};

async fn open(dir: &Path, key: &str, given: &[(&str, &str)]) -> FileSink {
    open_on(Store::in_memory(), dir, key, given).await
}

async fn open_on(store: Store, dir: &Path, key: &str, given: &[(&str, &str)]) -> FileSink {
    open_named("out", store, dir, key, given).await
}

async fn open_named(name: &str, store: Store, dir: &Path, key: &str, given: &[(&str, &str)]) -> FileSink {
    let param = |(key, value): &(&str, &str)| Param {
        key: Placed::new((*key).to_owned(), Place::in_code()),
        value: Node::text(*value),
    };
    let given: Vec<Param> = given.iter().map(param).collect();
    let params = <FileSinkParams as Params>::read(&given, &Place::in_code());
    let spec = ConnSpec {
        name: name.into(),
        place: None,
        addrs: Vec::new(),
        key: Some(key.into()),
        params: params.unwrap_or_else(|error| panic!("{error}")),
        base: dir.to_owned(),
        store,
    };
    FileSink::open(spec).await.unwrap()
}

fn lane(flow: &str, number: u32) -> LaneContext {
    LaneContext::new(flow, number, 2, FlowTables::new(Store::in_memory()).lane())
}

fn freeze(lane: &LaneContext) {
    lane.logs()
        .iter()
        .for_each(|log| log.freeze(&mut LaneCut::default()));
}

fn release(lane: &LaneContext) {
    lane.logs().iter().for_each(|log| log.release(0));
}

#[derive(Clone, Serialize)]
struct Row {
    id: u32,
    name: &'static str,
}

const ROW: Row = Row { id: 1, name: "a" };

/// A file in a folder of its own.
struct InFolder {
    dir: TempDir,
    key: &'static str,
}

impl ConnectorUnderTest for InFolder {
    type Connector = FileSink;

    async fn open(&self, name: &str, store: &Store) -> Result<Arc<FileSink>, ConnError> {
        let sink = open_named(name, store.clone(), self.dir.path(), self.key, &[]).await;
        Ok(Arc::new(sink))
    }

    async fn write(&self, client: &FileClient, rows: &[&str]) -> Result<(), ConnError> {
        let rows: Vec<Named> = Text::all(rows).into_iter().map(|row| Named { row }).collect();
        client.write_all(&rows)
    }

    async fn rows(&self, _: &FileSink) -> Result<Vec<String>, ConnError> {
        let text = fs::read_to_string(self.dir.path().join(self.key))?;
        let rows = text.lines().filter(|line| *line != "row");
        Ok(rows
            .map(|row| match serde_json::from_str::<serde_json::Value>(row) {
                Ok(row) => row["row"].as_str().unwrap_or_default().to_owned(),
                Err(_) => row.to_owned(),
            })
            .collect())
    }

    fn refused(&self) -> Option<&str> {
        Some(Text::REFUSED)
    }
}

#[derive(Serialize)]
struct Named {
    row: Text,
}

#[test]
fn it_passes_the_suite_of_connectors() {
    for key in ["deep/er/out.jsonl", "out.csv"] {
        let make = async |_: &Store| InFolder {
            dir: tempfile::tempdir().unwrap(),
            key,
        };
        run(check_connector(make)).assert_passed();
    }
}

#[test]
fn nothing_is_left_beside_the_file() {
    let dir = tempfile::tempdir().unwrap();
    run(async {
        let sink = open(dir.path(), "out.jsonl", &[]).await;
        sink.restore(None).await.unwrap();
        let lane = lane("flow", 0);
        sink.client(&lane).write(&1).unwrap();
        for _ in 0..3 {
            freeze(&lane);
            sink.cut().await.unwrap();
        }
        sink.close().await.unwrap();
    });
    let beside = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert_eq!(beside.collect::<Vec<_>>(), ["out.jsonl"]);
}

#[test]
fn rows_reach_the_file_before_the_cut_and_are_taken_back_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.jsonl");
    run(async {
        let sink = open(dir.path(), "out.jsonl", &[]).await;
        sink.restore(None).await.unwrap();
        let lane = lane("flow", 0);
        let client = sink.client(&lane);
        for _ in 0..4 {
            client.write_all(&vec![ROW; 10_000]).unwrap();
            release(&lane);
        }
        assert!(
            fs::metadata(&path).unwrap().len() > 500_000,
            "large outputs do not wait in memory"
        );
        drop(sink);
        // The process died before its first cut: the file is known to be the flow's own, and is begun again.
        let sink = open(dir.path(), "out.jsonl", &[]).await;
        sink.restore(None).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    });
}

#[test]
fn a_lane_that_writes_after_the_end_takes_nothing_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.jsonl");
    run(async {
        let sink = open(dir.path(), "out.jsonl", &[]).await;
        sink.restore(None).await.unwrap();
        let lane = lane("flow", 0);
        let client = sink.client(&lane);
        client.write(&1).unwrap();
        freeze(&lane);
        sink.cut().await.unwrap();
        sink.close().await.unwrap();
        client.write_all(&vec![ROW; 10_000]).unwrap();
        release(&lane);
        let errors = [client.write(&ROW).unwrap_err(), sink.cut().await.unwrap_err()];
        for error in errors {
            assert_eq!((error.class, &*error.code), (ErrorClass::Fatal, "closed"));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    });
}

#[test]
fn what_was_there_is_remembered_until_the_store_has_a_cut() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.jsonl");
    fs::write(&path, "mine\n").unwrap();
    let store = Store::in_memory();
    let begin = async || {
        let sink = open_on(store.clone(), dir.path(), "out.jsonl", &[("existing", "append")]).await;
        sink.restore(None).await.unwrap();
        let lane = lane("flow", 0);
        sink.client(&lane).write(&1).unwrap();
        freeze(&lane);
        let note = sink.cut().await.unwrap().unwrap();
        (sink, note)
    };
    run(async {
        // The cut was made here, and the store could not take it.
        begin().await.0.close().await.unwrap();
        assert!(dir.path().join("out.jsonl.kis").exists());
        let (sink, note) = begin().await;
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine\n1\n", "no row twice");
        let cut = FlowCut {
            flow: "flow".into(),
            notes: vec![("out".into(), note)],
            ..FlowCut::default()
        };
        store.commit(&[cut]).unwrap();
        sink.close().await.unwrap();
        assert!(!dir.path().join("out.jsonl.kis").exists());
    });
}

#[test]
fn a_file_of_somebody_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.jsonl");
    let check = |existing: &str, expect: Result<&str, &str>| {
        fs::write(&path, "mine\n").unwrap();
        let result = run(async {
            let sink = open(dir.path(), "out.jsonl", &[("existing", existing)]).await;
            sink.restore(None).await?;
            let lane = lane("flow", 0);
            sink.client(&lane).write(&1).unwrap();
            freeze(&lane);
            let note = sink.cut().await.unwrap().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            // With --fresh the flow's rows go, and what was there stays.
            sink.fresh(&note).await?;
            let left = fs::read_to_string(&path).unwrap();
            assert_eq!(left, if existing == "append" { "mine\n" } else { "" });
            Ok::<String, ConnError>(text)
        });
        assert_eq!(
            result.map_err(|error| error.message),
            expect.map(str::to_owned).map_err(str::to_owned)
        );
    };
    let refused = "out.jsonl is there already (5 bytes) and was not written by this flow; move it away, or set \
                   params: { existing: append } or { existing: replace }";
    check("refuse", Err(refused));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine\n");
    check("append", Ok("mine\n1\n"));
    check("replace", Ok("1\n"));
}

#[test]
fn a_file_that_lost_rows_of_the_last_cut_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.jsonl");
    let check = |text: Option<&str>, expect: &str| {
        text.inspect(|text| fs::write(&path, text).unwrap());
        let error = run(async {
            open(dir.path(), "out.jsonl", &[])
                .await
                .restore(Some(b"1 len=9 base=0"))
                .await
        });
        assert_eq!(error.unwrap_err().message, expect);
        assert_eq!(
            fs::read_to_string(&path).ok().as_deref(),
            text,
            "nothing is touched"
        );
    };
    let cure = "or run with --fresh to write it again";
    check(
        None,
        &format!("out.jsonl is gone, and 9 bytes of it belong to the last cut; put it back, {cure}"),
    );
    check(
        Some("short"),
        &format!("out.jsonl has only 5 bytes, but 9 belong to the last cut; put the whole file back, {cure}"),
    );
}

#[test]
fn csv_has_one_header_for_all_lanes_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.csv");
    run(async {
        let sink = open(dir.path(), "out.csv", &[]).await;
        sink.restore(None).await.unwrap();
        let lanes = [lane("flow", 0), lane("flow", 1)];
        lanes
            .iter()
            .for_each(|lane| sink.client(lane).write(&ROW).unwrap());
        lanes.iter().for_each(freeze);
        let note = sink.cut().await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "id,name\n1,a\n1,a\n");

        let sink = open(dir.path(), "out.csv", &[]).await;
        sink.restore(note.as_deref()).await.unwrap();
        let again = lane("flow", 0);
        let client = sink.client(&again);
        client.write(&ROW).unwrap();
        let other = client.write(&serde_json::json!({ "id": 1 })).unwrap_err();
        let expect = "out.csv has the columns id,name, but rows with the columns id are written; one CSV file holds \
                      rows of one type";
        assert_eq!(other.message, expect);
        let nested = client
            .write(&serde_json::json!({ "id": 1, "name": ["x"] }))
            .unwrap_err();
        assert_eq!(nested.class, ErrorClass::Reject);
        freeze(&again);
        sink.cut().await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "id,name\n1,a\n1,a\n1,a\n");
    });
}

#[test]
fn a_second_flow_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    run(async {
        let sink = open(dir.path(), "out.jsonl", &[]).await;
        sink.restore(None).await.unwrap();
        sink.client(&lane("a", 0)).write(&1).unwrap();
        let error = sink.client(&lane("b", 0)).write(&1).unwrap_err();
        let expect = "connector out is written by flow a and cannot be written by flow b too; give each flow a \
                      connector of its own";
        assert_eq!(error.message, expect);
    });
}

#[test]
fn a_full_disk_is_no_rows_fault_and_loses_nothing() {
    run(async {
        let sink = open(Path::new("/dev"), "full", &[]).await;
        sink.restore(None).await.unwrap();
        let lane = lane("flow", 0);
        let client = sink.client(&lane);
        client.write_all(&vec![ROW; 10_000]).unwrap();
        release(&lane);
        let error = client.write(&ROW).unwrap_err();
        assert_eq!(
            (error.class, &*error.code),
            (ErrorClass::Unavailable, "disk_full")
        );
        assert!(error.message.starts_with("full: no space left"), "{error}");
        freeze(&lane);
        for _ in 0..2 {
            let error = sink.cut().await.unwrap_err();
            assert_eq!(
                (error.class, &*error.code),
                (ErrorClass::Unavailable, "disk_full")
            );
        }
    });
}

#[test]
fn what_cannot_be_written_to_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let check = |key: &str, expect: &str| {
        let error = run(async { open(dir.path(), key, &[]).await.restore(None).await.unwrap_err() });
        assert_eq!(error.message.replace(dir.path().to_str().unwrap(), "DIR"), expect);
    };
    check(".", ". is a folder; name the file in it");
    check(
        "file/out.jsonl",
        "the folder DIR/file cannot be made: file exists (os error 17)",
    );
}

#[test]
fn forks_of_a_flow_have_buffers_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    run(async {
        let sink = open(dir.path(), "out.jsonl", &[]).await;
        sink.restore(None).await.unwrap();
        let (one, two) = (lane("flow", 0), lane("flow", 0));
        let (first, second) = (sink.client(&one), sink.client(&two));
        let marks = one.logs().iter().map(|log| log.mark()).collect::<Vec<_>>();
        first.write(&1).unwrap();
        second.write(&2).unwrap();
        one.logs()
            .iter()
            .zip(marks)
            .for_each(|(log, mark)| log.rollback(mark));
        [&one, &two].into_iter().for_each(freeze);
        sink.cut().await.unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("out.jsonl")).unwrap(), "2\n");
    });
}
