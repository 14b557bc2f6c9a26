//! Given rows, a queue, and a sink that keeps rows.

use std::path::Path;
use std::sync::Arc;

use kis_conf::{Node, Start};
use parking_lot::Mutex;

use super::*;
use crate::suite::cases::{Text, all_rows, check_kind, run, spec};
use crate::suite::{ConnectorUnderTest, SourceUnderTest, check_connector, check_source};
use crate::{BatchLimit, ConnError, ConnSpec, Connector, Layout, Next, OpenError, Source, SourceSpec, Store};

#[test]
fn rows_of_the_configuration_are_json() {
    let row = Node::map([("id", Node::plain("1")), ("name", Node::text("yes"))]);
    let more = (2..10).map(|id| Node::plain(id.to_string()));
    let rows = Node::list([row].into_iter().chain(more));
    let rows = run(check_kind(SOURCE, spec(Path::new(""), None, &[("rows", rows)])));
    assert_eq!(
        rows[0],
        ("src:1".to_owned(), "{\"id\":1,\"name\":\"yes\"}".to_owned())
    );
    assert_eq!(rows[1].1, "2");
}

#[test]
fn it_starts_with_its_first_row_only() {
    let spec = SourceSpec {
        start: Start::Latest,
        ..spec(Path::new(""), None, &[("rows", Node::list([Node::plain("1")]))])
    };
    let error = run((SOURCE.open)(spec)).map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "conf/src.yml:1:1: [KIS0125] source src of type memory can only start: earliest; leave start: out"
    );
}

/// Rows of a program.
struct Given;

fn given() -> Vec<String> {
    (0..200).map(|i| format!("row {i}")).collect()
}

impl SourceUnderTest for Given {
    async fn open(&self) -> Result<Arc<dyn Source>, OpenError> {
        Ok(memory_source("given", Layout::Raw, given()))
    }

    fn rows(&self) -> Vec<(String, Vec<String>)> {
        vec![("given".to_owned(), given())]
    }
}

#[test]
fn rows_of_a_program_are_as_they_are() {
    run(async {
        check_source(async || Given).await.assert_passed();
        let source = memory_source("given", Layout::Raw, given());
        assert_eq!(
            all_rows(&*source).await[199],
            ("given:200".to_owned(), "row 199".to_owned())
        );
    });
}

struct InQueue(MemoryQueue);

impl SourceUnderTest for InQueue {
    async fn open(&self) -> Result<Arc<dyn Source>, OpenError> {
        Ok(self.0.consumer())
    }

    fn rows(&self) -> Vec<(String, Vec<String>)> {
        vec![(
            "orders".to_owned(),
            (0..9).map(|i| format!("order {i}")).collect(),
        )]
    }

    async fn set_down(&self, down: bool) -> bool {
        self.0.set_down(down);
        true
    }
}

#[test]
fn the_queue_passes_the_suite_of_queues() {
    for end in [false, true] {
        let make = async || {
            let queue = MemoryQueue::new("orders", Layout::Raw);
            let case = InQueue(queue.clone());
            case.rows()[0].1.iter().for_each(|row| queue.push(row));
            if end {
                queue.end();
            }
            case
        };
        let report = run(check_source(make));
        report.assert_passed();
        assert_eq!(report.skipped(), []);
    }
}

#[test]
fn rows_wake_a_consumer_and_count_as_unacked_until_the_commit() {
    run(async {
        let queue = MemoryQueue::new("q", Layout::Raw);
        let consumer = queue.consumer();
        let partition = consumer.partitions().await.unwrap().remove(0);
        let mut reader = consumer.read(&partition, None).await.unwrap();
        let (next, ()) = tokio::join!(reader.next(BatchLimit::default()), async { queue.push("late") });
        let Next::Block(block) = next.unwrap() else {
            panic!("a row was pushed")
        };
        assert_eq!((queue.waiting(), queue.unacked()), (0, 1));
        consumer.commit(&[(partition, block.after)]).await.unwrap();
        assert_eq!((queue.waiting(), queue.unacked()), (0, 0));
    });
}

/// Memory does not outlive its process; the same one stands for a flow that starts again.
#[derive(Default)]
struct Kept(Mutex<Option<Arc<Memory>>>);

impl ConnectorUnderTest for Kept {
    type Connector = Memory;

    async fn open(&self, name: &str, store: &Store) -> Result<Arc<Memory>, ConnError> {
        if let Some(there) = &*self.0.lock() {
            return Ok(Arc::clone(there));
        }
        let spec = ConnSpec {
            name: name.into(),
            place: None,
            addrs: Vec::new(),
            key: None,
            params: (),
            base: "".into(),
            store: store.clone(),
        };
        let opened = Arc::new(Memory::open(spec).await?);
        *self.0.lock() = Some(Arc::clone(&opened));
        Ok(opened)
    }

    async fn write(&self, client: &MemoryClient, rows: &[&str]) -> Result<(), ConnError> {
        client.write_all(&Text::all(rows))
    }

    async fn rows(&self, memory: &Memory) -> Result<Vec<String>, ConnError> {
        Ok(memory.rows().iter().map(|row| row.replace('"', "")).collect())
    }

    fn refused(&self) -> Option<&str> {
        Some(Text::REFUSED)
    }
}

#[test]
fn the_sink_passes_the_suite_of_connectors() {
    run(check_connector(async |_: &Store| Kept::default())).assert_passed();
}
