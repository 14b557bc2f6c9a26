//! What every connector that takes part in cuts must do: rows of failed calls vanish, rows behind a marker wait for
//! the next cut, and a restart takes back what no cut covers.

use std::future::Future;
use std::sync::Arc;

use crate::{Connector, FlowTables, LaneContext, LaneCut, Store};

/// A connector under test.
pub(crate) struct SinkCase<C: Connector, O, W, R> {
    /// Opens it again on the same target, as a new process would.
    pub(crate) open: O,
    /// Writes texts as rows.
    pub(crate) write: W,
    /// The rows a reader of the target finds.
    pub(crate) rows: R,
    pub(crate) connector: std::marker::PhantomData<C>,
}

/// A lane and what the engine does with it.
struct Lane<C: Connector> {
    context: LaneContext,
    client: C::Client,
}

impl<C: Connector> Lane<C> {
    fn new(connector: &C, number: u32) -> Self {
        let context = LaneContext::new("flow", number, 2, FlowTables::new(Store::in_memory()).lane());
        let client = connector.client(&context);
        Lane { context, client }
    }

    /// One call: what it wrote stands, or is rolled back.
    fn call(&self, stands: bool, call: impl FnOnce(&C::Client)) {
        let logs = self.context.logs();
        let marks: Vec<u64> = logs.iter().map(|log| log.mark()).collect();
        call(&self.client);
        for (log, mark) in logs.iter().zip(marks) {
            if stands {
                log.release(mark);
            } else {
                log.rollback(mark);
            }
        }
    }

    fn freeze(&self) {
        let mut cut = LaneCut::default();
        self.context.logs().iter().for_each(|log| log.freeze(&mut cut));
    }
}

pub(crate) async fn check_sink<C, F, O, W, R>(case: SinkCase<C, O, W, R>)
where
    C: Connector,
    F: Future<Output = Arc<C>>,
    O: Fn(Option<Arc<C>>) -> F,
    W: Fn(&C::Client, &[&str]),
    R: Fn(&C) -> Vec<String>,
{
    let write = &case.write;
    let sorted = |connector: &C| {
        let mut rows = (case.rows)(connector);
        rows.sort();
        rows
    };

    let connector = (case.open)(None).await;
    connector.restore(None).await.unwrap();
    let (one, two) = (Lane::new(&*connector, 0), Lane::new(&*connector, 1));
    one.call(true, |client| write(client, &["a1", "a2"]));
    one.call(false, |client| write(client, &["never"]));
    two.call(true, |client| write(client, &["b1"]));
    one.freeze();
    one.call(true, |client| write(client, &["behind the marker"]));
    two.call(true, |client| write(client, &["b2"]));
    two.freeze();
    let first = connector.cut().await.unwrap();
    assert!(
        first.is_some(),
        "a connector that takes part in cuts notes something"
    );
    assert_eq!(sorted(&connector), ["a1", "a2", "b1", "b2"], "the first cut");

    // A call within a call: the inner failure takes back its own rows alone.
    let logs = one.context.logs();
    let outer: Vec<u64> = logs.iter().map(|log| log.mark()).collect();
    write(&one.client, &["outer"]);
    one.call(false, |client| write(client, &["inner"]));
    write(&one.client, &["outer too"]);
    logs.iter().zip(outer).for_each(|(log, mark)| log.release(mark));
    one.freeze();
    two.freeze();
    let second = connector.cut().await.unwrap();
    let expected = ["a1", "a2", "b1", "b2", "behind the marker", "outer", "outer too"];
    assert_eq!(sorted(&connector), expected, "the second cut");

    // Rows that no cut covers are taken back by a start, also by a second one.
    two.call(true, |client| write(client, &["lost with the crash"]));
    drop((one, two));
    let mut connector = (case.open)(Some(connector)).await;
    connector.restore(second.as_deref()).await.unwrap();
    assert_eq!(sorted(&connector), expected, "after a crash");
    connector = (case.open)(Some(connector)).await;
    connector.restore(second.as_deref()).await.unwrap();
    let lane = Lane::new(&*connector, 1);
    lane.call(true, |client| write(client, &["z"]));
    lane.freeze();
    connector.cut().await.unwrap();
    connector.close().await.unwrap();
    let mut expected: Vec<&str> = expected.to_vec();
    expected.push("z");
    assert_eq!(sorted(&connector), expected, "after a crash and more rows");

    // The crash came before the second cut was durable.
    connector = (case.open)(Some(connector)).await;
    connector.restore(first.as_deref()).await.unwrap();
    assert_eq!(
        sorted(&connector),
        ["a1", "a2", "b1", "b2"],
        "back to the first cut"
    );
}
