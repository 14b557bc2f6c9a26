//! From the readers to the lanes: parcels leave in the order in which their blocks were read, and a marker is put
//! into all lanes at one moment.
//!
//! One short lock stands around both, so that the positions noted with a marker are exactly those of the rows that
//! went into the lanes before it.

use std::sync::Arc;

use kis_conn::{Partition, Position};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{lane::Lane, parcel::Parcel, sequence::Sequence};

/// What came of one block: parcels with their lanes, and the position behind the block.
#[derive(Debug)]
pub(super) struct Routed {
    pub(super) parcels: Vec<(usize, Parcel)>,
    pub(super) after: Position,
    pub(super) rows: u64,
}

/// Where the rows of all partitions of a flow meet its lanes.
#[derive(Debug)]
pub(super) struct Router {
    /// The lanes of each stage; rows from the sources go into those of the first one.
    stages: Vec<Arc<[Arc<Lane>]>>,
    /// The lane of `at_end`, which takes part in cuts and gets no rows from here.
    last: Option<Arc<Lane>>,
    drained: Notify,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    partitions: Vec<PartitionState>,
    cut: u64,
    rows: u64,
    moved: bool,
}

#[derive(Debug)]
struct PartitionState {
    source: usize,
    partition: Partition,
    order: Sequence<Routed>,
    position: Option<Position>,
}

/// What the router knew at the moment of a marker.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) cut: u64,
    /// The position of each partition that has one: index of the source, partition, position.
    pub(super) positions: Vec<(usize, Partition, Position)>,
    /// Rows that went into the lanes since the marker before.
    pub(super) rows: u64,
}

impl Router {
    /// A router into the lanes of these stages; `cut` is the number of the last cut.
    pub(super) fn new(stages: Vec<Arc<[Arc<Lane>]>>, last: Option<Arc<Lane>>, cut: u64) -> Router {
        Router {
            stages,
            last,
            drained: Notify::new(),
            inner: Mutex::new(Inner {
                cut,
                ..Inner::default()
            }),
        }
    }

    /// Adds a partition that starts at `position`, and returns its number.
    pub(super) fn add(&self, source: usize, partition: Partition, position: Option<Position>) -> usize {
        let mut inner = self.inner.lock();
        inner.partitions.push(PartitionState {
            source,
            partition,
            order: Sequence::default(),
            position,
        });
        inner.partitions.len() - 1
    }

    /// Reserves the next place in the order of a partition.
    pub(super) fn reserve(&self, partition: usize) -> u64 {
        self.inner.lock().partitions[partition].order.reserve()
    }

    /// Fills a reserved place, and sends on everything that is now in order.
    pub(super) fn fill(&self, partition: usize, place: u64, routed: Routed) {
        let mut inner = self.inner.lock();
        inner.partitions[partition].order.fill(place, routed);
        while let Some(routed) = inner.partitions[partition].order.pop() {
            inner.partitions[partition].position = Some(routed.after);
            inner.rows += routed.rows;
            inner.moved = true;
            for (lane, parcel) in routed.parcels {
                self.stages[0][lane].send(0, parcel);
            }
        }
        if inner.partitions[partition].order.is_empty() {
            self.drained.notify_waiters();
        }
    }

    /// Puts rows that were outside of the flow into lanes of a stage. Returns the number of the cut that settles them.
    pub(super) fn inject(&self, stage: usize, parcels: impl IntoIterator<Item = (usize, Parcel)>) -> u64 {
        let mut inner = self.inner.lock();
        for (lane, parcel) in parcels {
            inner.moved = true;
            // Where rows change lanes they may come by any input: the lane meets its marker when all inputs have
            // delivered it, and what the row changes is frozen there together with what it brought.
            self.stages[stage][lane].send(0, parcel);
        }
        inner.cut + 1
    }

    /// Waits until everything that was read has gone into the lanes.
    pub(super) async fn drained(&self) {
        loop {
            let drained = self.drained.notified();
            if self
                .inner
                .lock()
                .partitions
                .iter()
                .all(|partition| partition.order.is_empty())
            {
                return;
            }
            drained.await;
        }
    }

    /// Notes the positions and puts a marker behind them into every lane.
    ///
    /// Returns nothing when no row has gone into the lanes since the last marker, unless `always` is set.
    pub(super) fn mark(&self, always: bool) -> Option<Marked> {
        let mut inner = self.inner.lock();
        if !inner.moved && !always {
            return None;
        }
        inner.moved = false;
        inner.cut += 1;
        let cut = inner.cut;
        for lane in self
            .stages
            .first()
            .into_iter()
            .flat_map(|lanes| lanes.iter())
            .chain(&self.last)
        {
            lane.mark(0, cut);
        }
        let positions = inner
            .partitions
            .iter()
            .filter_map(|p| Some((p.source, p.partition.clone(), p.position.clone()?)))
            .collect();
        Some(Marked {
            cut,
            positions,
            rows: std::mem::take(&mut inner.rows),
        })
    }
}
