//! What a flow does to the systems around it when they fail, wait or end: sources and connectors made for the test.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

use kis_core::{
    conn::{ConnError, ConnSpec, Connector, LaneContext, store::Store},
    connector,
    engine::{Engine, RunOptions},
    prelude::*,
};

use crate::check::{plan, show};

/// Knows whether it was written to after it was closed.
#[derive(Default)]
pub struct Door {
    state: Arc<DoorState>,
}

#[derive(Default)]
pub struct DoorState {
    closed: AtomicBool,
    writes: AtomicU64,
}

static LATE: AtomicBool = AtomicBool::new(false);

#[connector]
impl Connector for Door {
    const KIND: &'static str = "door";
    type Params = ();
    type Client = Arc<DoorState>;

    async fn open(_: ConnSpec<()>) -> std::result::Result<Self, ConnError> {
        Ok(Door::default())
    }

    fn client(&self, _: &LaneContext) -> Arc<DoorState> {
        Arc::clone(&self.state)
    }

    async fn close(&self) -> std::result::Result<(), ConnError> {
        self.state.closed.store(true, SeqCst);
        Ok(())
    }
}

#[derive(Row)]
pub struct Guest {
    pub n: i64,
}

#[kis_function(mode = "Save", conn = "door")]
pub fn let_in(guest: &Guest, door: &Conn<Door>) -> Result<()> {
    if guest.n == 0 {
        return Err(Error::fatal("the door is stuck"));
    }
    door.writes.fetch_add(1, SeqCst);
    LATE.fetch_or(door.closed.load(SeqCst), SeqCst);
    Ok(())
}

#[test]
fn no_lane_writes_to_what_is_closed() {
    let rows: String = (0..5000).map(|n| format!("    - {{ n: {n} }}\n")).collect();
    let yaml = format!(
        "kistype: conn\ncname: door\ntype: door\n---\nkistype: source\nsname: guests\ntype: memory\nflow: guests\norder: {{ by: n }}\nbatch: {{ rows: 1 }}\nparams:\n  rows:\n{rows}---\nkistype: flow\nstatus: 1\nflow_name: guests\nflows:\n  - fname: let_in\n"
    );
    let plan = plan(&yaml, 2);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut engine = Engine::start(&plan, RunOptions::new(Store::in_memory()))
            .await
            .unwrap();
        let text = show(&engine.wait().await);
        assert!(text.contains("the door is stuck"), "{text}");
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
    });
    assert!(!LATE.load(SeqCst), "a lane wrote after the connector was closed");
}
