//! A queue as a source: rows are acknowledged behind the cut that holds them, and come again until they are.

use std::sync::{Arc, LazyLock};

use insta::assert_snapshot;
use kis_core::{
    conn::{Layout, MemoryQueue, Nature, PositionText, SourceFacts, SourceInfo, store::Store},
    engine::{Engine, RunOptions},
    flow::Guarantee,
    prelude::*,
};

use crate::check::{plan, show, table};

static QUEUE: LazyLock<MemoryQueue> = LazyLock::new(|| MemoryQueue::new("letters", Layout::Json));

kis_core::__private::inventory::submit! {
    SourceInfo {
        kind: "test_queue",
        params: <() as kis_conf::Params>::SHAPE,
        facts: SourceFacts { nature: Nature::Queue, replayable: true, bounded: false },
        positions: PositionText::SHOWN,
        open: |_| Box::pin(async { Ok(QUEUE.consumer()) }),
    }
}

#[derive(Row, Clone)]
pub struct Posted {
    pub id: i64,
}

#[kis_function(mode = "Save", conn = "posted")]
pub fn save_posted(rows: &[Posted], table: &Conn<Table>) -> Result<()> {
    rows.iter().try_for_each(|row| Ok(table.put(row.id, row)?))
}

const YAML: &str = "
kistype: source
sname: letters
type: test_queue
flow: post
row: Posted
batch: { rows: 2 }
---
kistype: global
checkpoint: { every: EVERY }
---
kistype: flow
status: 1
flow_name: post
flows:
  - fname: save_posted
";

#[test]
fn rows_are_acknowledged_behind_their_cut_and_come_again_until_then() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let store = Store::in_memory();
    (1..=5).for_each(|id| QUEUE.push(format!("{{\"id\":{id}}}")));

    // No cut is made in the first run, and it is not drained.
    let late = plan(&YAML.replace("EVERY", "1h"), 2);
    let guarantee = Guarantee::of(&late.flows[0], &late.conns);
    assert_snapshot!(format!("{:?}: {}", guarantee.delivery, guarantee.reason), @"AtLeastOnce: source letters (test_queue) is a queue: rows come again whose acknowledgement was lost");
    let summary = runtime.block_on(async {
        let mut engine = Engine::start(&late, RunOptions::new(store.clone()))
            .await
            .unwrap();
        let counters = Arc::clone(&engine.counters()[0]);
        while counters.rows_out.get() < 5 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            (QUEUE.waiting(), QUEUE.unacked()),
            (0, 5),
            "nothing is acknowledged without a cut"
        );
        engine.stopper().stop_now();
        engine.wait().await
    });
    assert_snapshot!(show(&summary), @"post: drained, in 5, out 5, dropped 0, dead 0");
    assert_eq!(table(&store, "posted"), "");
    assert_eq!(
        (QUEUE.waiting(), QUEUE.unacked()),
        (5, 0),
        "what was not acknowledged comes again"
    );

    QUEUE.push("{\"id\":6}");
    let summary = runtime.block_on(async {
        let plan = plan(&YAML.replace("EVERY", "10ms"), 2);
        let mut engine = Engine::start(&plan, RunOptions::new(store.clone()))
            .await
            .unwrap();
        let counters = Arc::clone(&engine.counters()[0]);
        while counters.acked.get() < 6 {
            tokio::task::yield_now().await;
        }
        engine.stopper().drain();
        engine.wait().await
    });
    assert_snapshot!(show(&summary), @"post: drained, in 6, out 6, dropped 0, dead 0");
    assert_snapshot!(table(&store, "posted"), @r#"
1 {"id":1}
2 {"id":2}
3 {"id":3}
4 {"id":4}
5 {"id":5}
6 {"id":6}
"#);
    assert_eq!((QUEUE.waiting(), QUEUE.unacked()), (0, 0));
}
