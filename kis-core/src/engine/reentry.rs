//! Rows that come back into their flow at the step where they left it: dead letters that are sent in again, and parked
//! rows at a start.

use std::sync::Arc;

use kis_conn::store::{LetterWrite, StoredRow};

use super::{
    chain::{Onward, Route},
    fault::Fault,
    flow::FlowRun,
    head,
    parcel::{Back, Flight, From, Parcel},
    stored,
};
use crate::{
    flow::{FlowPlan, SourcePlan},
    row::{
        Batch,
        key::{KeyRef, Keys, lane_of},
    },
};

/// A row outside of its flow.
pub(super) struct Returning {
    /// The number of the step that it comes to.
    pub(super) at: usize,
    pub(super) row: StoredRow,
    /// Its key in canonical bytes, if it had one when it left.
    pub(super) key: Option<Vec<u8>>,
    pub(super) back: Back,
    /// What is written in the cut that settles the row.
    pub(super) letters: Vec<LetterWrite>,
}

/// A row on its way back: where its parcel goes, and the parcel.
pub(super) struct Returned {
    way: Way,
    parcel: Parcel,
}

/// Where a row comes back in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Through the steps before the lanes, and from there to the lane of its key or, without one, this lane.
    Head(usize),
    /// Into this lane of a stage.
    Lane { stage: usize, lane: usize },
}

impl Returning {
    /// Makes the row one of its flow again.
    ///
    /// # Errors
    /// Why that cannot be, for people.
    pub(super) fn restore(self, plan: &FlowPlan, flight: Arc<Flight>) -> Result<Returned, String> {
        let Returning {
            at,
            row,
            key,
            back,
            letters,
        } = self;
        let (batch, raw) = stored::restore(plan, at, &row)?;
        let stage = plan
            .stages
            .iter()
            .rposition(|stage| stage.first <= at)
            .unwrap_or_default();
        let keys = keys(plan, at, key.as_deref(), &row, &batch);
        // Without a key any lane will do, but the same one each time.
        let hash = keys.as_ref().map_or_else(
            || KeyRef::from_canonical(back.origin.as_bytes()).hash(),
            |keys| keys.hash(0),
        );
        let lane = lane_of(hash, plan.lanes);
        let way = match at < plan.head {
            true => Way::Head(lane),
            false => Way::Lane { stage, lane },
        };
        let from = From {
            raw: raw.map(Arc::new),
            back: Some(Arc::new(vec![back])),
            ..From::default()
        };
        let parcel = Parcel {
            batch,
            keys: keys.map(Arc::new),
            from,
            step: at,
            letters,
            flight,
        };
        Ok(Returned { way, parcel })
    }
}

impl Returned {
    /// The stage and the lane in which the row comes back, and the row.
    pub(super) fn into_lane(self) -> (usize, usize, Parcel) {
        match self.way {
            Way::Head(lane) => (0, lane, self.parcel),
            Way::Lane { stage, lane } => (stage, lane, self.parcel),
        }
    }

    /// Sends the row to its lane. Rows that are sent one after the other arrive there in that order. Returns the number
    /// of the cut that settles it.
    ///
    /// # Errors
    /// When the flow has to stop.
    pub(super) async fn send(self, flow: &FlowRun) -> Result<u64, Fault> {
        let lane = match self.way {
            Way::Lane { stage, lane } => {
                return Ok(flow.router.inject(stage, [(lane, self.parcel)]));
            }
            Way::Head(lane) => lane,
        };
        let route = match order_key(&flow.plan) {
            Some(field) => Route::Key(field.into()),
            None => Route::Lane(lane),
        };
        let onward = Onward {
            route,
            lanes: flow.plan.lanes,
            unique: false,
        };
        let parcels = head::through(flow, onward, lane, self.parcel, |_| {}).await?;
        Ok(flow.router.inject(0, parcels))
    }
}

/// The field that all sources of the flow are ordered by, if it is the same one.
pub(super) fn order_key(plan: &FlowPlan) -> Option<&str> {
    let mut keys = plan.sources.iter().map(SourcePlan::key);
    let first = keys.next()??;
    keys.all(|key| key == Some(first)).then_some(first)
}

/// The field whose value is the key of rows at step `at`.
pub(super) fn key_field(plan: &FlowPlan, at: usize) -> Option<&str> {
    let stage = plan.stages.iter().rfind(|stage| stage.first <= at);
    stage
        .and_then(|stage| stage.key.as_deref())
        .or_else(|| order_key(plan))
}

/// The row's key at step `at`: the one that it had, if that was the value of the same field.
fn keys(plan: &FlowPlan, at: usize, had: Option<&[u8]>, row: &StoredRow, batch: &Batch) -> Option<Keys> {
    let field = key_field(plan, at);
    if let Some(key) = had
        && row.key_field == field.unwrap_or_default()
    {
        let mut keys = Keys::with_capacity(1);
        keys.push(KeyRef::from_canonical(key));
        return Some(keys);
    }
    Some(batch.keys(field?)).filter(|keys| keys.len() == 1)
}
