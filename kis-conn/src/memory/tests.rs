//! Given rows, and a sink that keeps them.

use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use kis_conf::Node;

use super::*;
use crate::suite::{SinkCase, all_rows, check_sink, check_source, run, spec};
use crate::{ConnSpec, Connector, Layout, Store};

#[test]
fn rows_of_the_configuration_are_json() {
    run(async {
        let row = Node::map([("id", Node::plain("1")), ("name", Node::text("yes"))]);
        let spec = spec(
            Path::new(""),
            None,
            &[("rows", Node::list([row, Node::plain("2")]))],
        );
        let source = (SOURCE.open)(spec)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        check_source(&*source).await;
        let rows = all_rows(&*source).await;
        assert_eq!(
            rows[0],
            ("src:1".to_owned(), "{\"id\":1,\"name\":\"yes\"}".to_owned())
        );
        assert_eq!(rows[1].1, "2");
    });
}

#[test]
fn rows_of_a_program_are_as_they_are() {
    run(async {
        let source = memory_source("given", Layout::Raw, (0..200).map(|i| format!("row {i}")));
        check_source(&*source).await;
        assert_eq!(
            all_rows(&*source).await[199],
            ("given:200".to_owned(), "row 199".to_owned())
        );
    });
}

#[test]
fn the_sink_passes_the_suite_of_sinks() {
    run(check_sink(SinkCase::<Memory, _, _, _> {
        open: |old: Option<Arc<Memory>>| async {
            // Memory does not outlive its process; the same one stands for a flow that starts again.
            match old {
                Some(old) => old,
                None => {
                    let spec = ConnSpec {
                        name: "kept".into(),
                        place: None,
                        addrs: Vec::new(),
                        key: None,
                        params: (),
                        base: "".into(),
                        store: Store::in_memory(),
                    };
                    Arc::new(Memory::open(spec).await.unwrap())
                }
            }
        },
        write: |client: &MemoryClient, rows: &[&str]| client.write_all(rows).unwrap(),
        rows: |memory: &Memory| memory.rows().iter().map(|row| row.replace('"', "")).collect(),
        connector: PhantomData,
    }));
}
