//! The head of a flow: decode and the first stateless steps, on any free worker, before rows go into lanes.

use std::sync::Arc;

use kis_conn::Block;

use super::{
    chain::{Chain, Onward, Route},
    failure::Fallen,
    fault::Fault,
    flow::FlowRun,
    parcel::{Flight, From, Parcel},
    stored,
    waits::Waits,
    withheld::{Failed, Passing},
};
use crate::row::{Batch, Fails};

/// One block on its way into the lanes.
#[derive(Debug)]
pub(super) struct HeadJob {
    /// The number of the source it came from.
    pub(super) source: usize,
    /// The number of its partition at the router.
    pub(super) partition: usize,
    /// The partition's lane, where rows are ordered by partition.
    pub(super) lane: usize,
    /// The place of the block in its partition.
    pub(super) place: u64,
    pub(super) block: Block,
    pub(super) flight: Arc<Flight>,
}

/// Decodes a block, runs the head's steps on it, and deals the rows out to the lanes.
///
/// # Errors
/// When the flow has to stop.
pub(super) async fn run(flow: &FlowRun, job: HeadJob) -> Result<Vec<(usize, Parcel)>, Fault> {
    let HeadJob {
        source: source_number,
        lane,
        place,
        block,
        flight,
        partition: _,
    } = job;
    let source = &flow.plan.sources[source_number];
    let raw = Arc::new(block.rows);
    let mut batch = Batch::new_raw((*raw).clone());
    let mut fails = Fails::default();
    stored::decode(&flow.plan, source.row, &mut batch, &mut fails);
    if let Some(field) = &source.conf.event_time
        && let Some(ms) = batch.latest(field).and_then(|ms| u64::try_from(ms).ok())
    {
        flight.saw(source_number, ms);
    }
    let route = match &source.conf.order {
        kis_conf::Order::By(field) => Route::Key(field.value.as_str().into()),
        kis_conf::Order::Partition => Route::Lane(lane),
        kis_conf::Order::None => Route::Lane(place as usize % flow.plan.lanes),
    };
    let onward = Onward {
        route,
        lanes: flow.plan.lanes,
        unique: source.conf.batch.unique,
    };
    let from = From {
        raw: Some(raw),
        ..From::default()
    };
    let parcel = Parcel {
        batch,
        keys: None,
        from,
        step: 0,
        letters: Vec::new(),
        flight,
    };
    through(flow, onward, lane, parcel, |chain| {
        chain.withhold(fails.drain(), 1, Failed::Before);
    })
    .await
}

/// Runs the head's steps on the rows of a parcel and deals them out. What became of the rows travels with the first
/// parcel, or alone into `lane`, so that it is in the same cut as they are. `before` tells the steps what failed
/// before them.
///
/// # Errors
/// When the flow has to stop.
pub(super) async fn through(
    flow: &FlowRun,
    onward: Onward,
    lane: usize,
    mut parcel: Parcel,
    before: impl FnOnce(&mut Chain),
) -> Result<Vec<(usize, Parcel)>, Fault> {
    let flight = Arc::clone(&parcel.flight);
    let seat = flow.guards.seats.borrow();
    let mut chain = Chain {
        flow: Arc::clone(&flow.plan),
        around: flow.around.clone(),
        first: 0,
        steps: flow.head_steps(seat.seat()),
        total: flow.plan.own_steps,
        logs: Vec::new(),
        letters: Vec::new(),
        guards: Arc::clone(&flow.guards),
        withheld: Vec::new(),
        failed: 0,
        aside: 0,
        shelf: None,
        follow: None,
        waits: Waits::None,
        fallen: Fallen::default(),
        onward: Some(onward),
        collected: None,
    };
    before(&mut chain);
    let passing = Passing {
        given: parcel.batch.len() + chain.withheld.len(),
        from: &parcel.from,
        keys: None,
        batch: &mut parcel.batch,
    };
    chain.settle_withheld(0, passing).await?;
    let mut parcels = if parcel.batch.is_empty() {
        Vec::new()
    } else {
        chain.work(parcel).await?
    };
    let letters = std::mem::take(&mut chain.letters);
    match parcels.first_mut() {
        _ if letters.is_empty() => {}
        Some((_, parcel)) if !parcel.batch.is_empty() => parcel.letters = letters,
        // A batch without rows that a function forced on stays one of its own.
        _ => parcels.push((lane, Parcel::only_letters(letters, flight))),
    }
    Ok(parcels)
}
