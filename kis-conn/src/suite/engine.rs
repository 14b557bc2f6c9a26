//! What the engine does with a connector: lanes, calls that stand or fail, cuts, processes that die.

use std::sync::Arc;

use super::connector::ConnectorUnderTest;
use super::report::{During, Verdict};
use crate::store::FlowCut;
use crate::{ConnError, Connector, FlowTables, LaneContext, LaneCut, Store};

const FLOW: &str = "flow";

/// The name under which the connector is opened and its notes are kept.
const NAME: &str = "conn";

/// A process that runs one flow which writes to the connector. It dies when it is dropped.
pub(super) struct Process<'a, T: ConnectorUnderTest> {
    case: &'a T,
    pub(super) connector: Arc<T::Connector>,
    store: Store,
    tables: FlowTables,
}

/// A lane and the client of its step.
pub(super) struct Lane<C: Connector> {
    context: LaneContext,
    pub(super) client: C::Client,
}

/// What the lanes froze and the connector noted, before it is in the store.
pub(super) struct Frozen {
    lanes: Vec<LaneCut>,
    note: Option<Vec<u8>>,
}

impl Frozen {
    pub(super) fn note(&self) -> Option<&[u8]> {
        self.note.as_deref()
    }
}

impl<'a, T: ConnectorUnderTest> Process<'a, T> {
    /// Opens the connector, as a process does before anything else.
    pub(super) async fn open(case: &'a T, store: &Store) -> Verdict<Self> {
        Ok(Process {
            case,
            connector: case.open(NAME, store).await.during("opening")?,
            store: store.clone(),
            tables: FlowTables::new(store.clone()),
        })
    }

    /// Opens the connector and starts the flow with the note of its last cut.
    pub(super) async fn start(case: &'a T, store: &Store) -> Verdict<Self> {
        let process = Process::open(case, store).await?;
        let note = process.note().during("the note of the last cut")?;
        let restored = process.connector.restore(note.as_deref()).await;
        restored.during("restoring")?;
        Ok(process)
    }

    /// The note of the last cut.
    pub(super) fn note(&self) -> Result<Option<Vec<u8>>, ConnError> {
        let notes = self.store.notes(FLOW)?;
        Ok(notes.into_iter().find(|(of, _)| of == NAME).map(|(_, note)| note))
    }

    pub(super) fn lane(&self, number: u32) -> Lane<T::Connector> {
        self.lane_of(FLOW, number)
    }

    pub(super) fn lane_of(&self, flow: &str, number: u32) -> Lane<T::Connector> {
        let context = LaneContext::new(flow, number, 2, self.tables.lane());
        let client = self.connector.client(&context);
        Lane { context, client }
    }

    /// One call that writes these rows. If it fails, or something behind it in the lane does (`stands` is false), the
    /// lane is rolled back.
    pub(super) async fn call(
        &self,
        lane: &Lane<T::Connector>,
        rows: &[&str],
        stands: bool,
    ) -> Result<(), ConnError> {
        let marks = lane.mark();
        let written = self.case.write(&lane.client, rows).await;
        if stands && written.is_ok() {
            lane.release(&marks);
        } else {
            lane.rollback(&marks);
        }
        written
    }

    /// A call that must succeed, and stands.
    pub(super) async fn write(&self, lane: &Lane<T::Connector>, rows: &[&str]) -> Verdict {
        self.call(lane, rows, true)
            .await
            .during(&format!("writing {rows:?}"))
    }

    /// All lanes meet the marker and the connector makes its part of the cut.
    pub(super) async fn freeze(&self, lanes: &[&Lane<T::Connector>]) -> Verdict<Frozen> {
        let lanes = lanes.iter().map(|lane| lane.freeze()).collect();
        self.note_cut(lanes).await
    }

    /// The connector makes its part of the cut of these lanes, which met the marker before.
    pub(super) async fn note_cut(&self, lanes: Vec<LaneCut>) -> Verdict<Frozen> {
        let note = self
            .connector
            .cut()
            .await
            .during("the connector's part of the cut")?;
        Ok(Frozen { lanes, note })
    }

    /// The cut goes into the store.
    pub(super) fn commit(&self, frozen: Frozen) -> Verdict {
        let notes = frozen.note.map(|note| (NAME.to_owned(), note));
        let cut = FlowCut {
            flow: FLOW.to_owned(),
            notes: notes.into_iter().collect(),
            lanes: frozen.lanes,
            ..FlowCut::default()
        };
        let stored = self.store.commit(std::slice::from_ref(&cut));
        stored.map_err(ConnError::from).during("storing the cut")?;
        self.tables.durable(&cut.lanes);
        Ok(())
    }

    /// A whole cut of these lanes.
    pub(super) async fn cut(&self, lanes: &[&Lane<T::Connector>]) -> Verdict {
        let frozen = self.freeze(lanes).await?;
        self.commit(frozen)
    }

    /// The rows that others find.
    pub(super) async fn rows(&self) -> Verdict<Vec<String>> {
        self.case
            .rows(&self.connector)
            .await
            .during("looking at the rows")
    }
}

impl<C: Connector> Lane<C> {
    /// The lane's marks, one for each of its logs. Logs that are enlisted by a call that has begun have none.
    pub(super) fn mark(&self) -> Vec<u64> {
        self.context.logs().iter().map(|log| log.mark()).collect()
    }

    pub(super) fn rollback(&self, marks: &[u64]) {
        let logs = self.context.logs();
        logs.iter().zip(marks).for_each(|(log, mark)| log.rollback(*mark));
    }

    pub(super) fn release(&self, marks: &[u64]) {
        let logs = self.context.logs();
        logs.iter().zip(marks).for_each(|(log, mark)| log.release(*mark));
    }

    pub(super) fn freeze(&self) -> LaneCut {
        let mut cut = LaneCut::default();
        self.context.logs().iter().for_each(|log| log.freeze(&mut cut));
        cut
    }
}
