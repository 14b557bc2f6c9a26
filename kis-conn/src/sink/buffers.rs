//! Rows on their way into one target: held in their lane until their call stands, and behind a marker until the cut.
//!
//! A lane's bytes go through three stages. What an unfinished call wrote can be rolled back. What stands may go to the
//! target any time, unless the lane has passed a marker: then it belongs to the next cut and is held back until this
//! cut is made, so that the target's length in the cut covers exactly the rows before the marker.

use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, MutexGuard};

use crate::{ConnError, LaneContext, LaneCut, LaneLog};

/// Where rows end up.
pub(crate) trait Target: Send + 'static {
    /// Bytes of rows that stand go to the target once so many are there.
    const FLUSH: usize;

    /// Appends whole rows. After an error nothing of them counts, and the same rows come again.
    fn append(&mut self, rows: &[u8]) -> Result<(), ConnError>;

    /// Makes everything appended durable, and notes how to come back to it.
    fn cut(&mut self) -> Result<Vec<u8>, ConnError>;
}

/// A target and the buffers of the lanes that write to it.
pub(crate) struct Sink<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    name: String,
    target: Mutex<T>,
    /// The flow that writes; a target whose length is part of a flow's cut can have only one.
    flow: OnceLock<String>,
    lanes: Mutex<Vec<Arc<Lane<T>>>>,
}

struct Lane<T> {
    id: u64,
    number: u32,
    sink: Arc<Inner<T>>,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    /// What was written behind the last freeze and is not in the target.
    bytes: Vec<u8>,
    /// Bytes that left `bytes` at its front since the start.
    left: u64,
    /// This many of `bytes` belong to calls that stand.
    settled: usize,
    /// What the cut that is under way covers.
    frozen: Vec<u8>,
    /// The lane has passed the marker of a cut that is not made yet.
    held: bool,
    /// The type whose rows were written last, as its name.
    row_type: &'static str,
    /// How often writers were retired.
    retired: u64,
}

impl<T> Clone for Sink<T> {
    fn clone(&self) -> Self {
        Sink {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T: Target> Sink<T> {
    /// A sink into `target`; `name` is the connector's, for messages.
    pub(crate) fn new(name: &str, target: T) -> Self {
        let inner = Inner {
            name: name.to_owned(),
            target: Mutex::new(target),
            flow: OnceLock::new(),
            lanes: Mutex::new(Vec::new()),
        };
        Sink {
            inner: Arc::new(inner),
        }
    }

    /// The writer of a lane. All of a lane write into the same buffer; those made before it was retired write no more.
    pub(crate) fn writer(&self, lane: &LaneContext) -> LaneWriter<T> {
        let inner = &self.inner;
        let flow = inner.flow.get_or_init(|| lane.flow().to_owned());
        if flow != lane.flow() {
            let message = format!(
                "connector {} is written by flow {flow} and cannot be written by flow {} too; give each flow a \
                 connector of its own",
                inner.name,
                lane.flow()
            );
            return LaneWriter {
                lane: Err(ConnError::fatal("two_flows", message)),
                retired: 0,
            };
        }
        let mut lanes = inner.lanes.lock();
        let known = lanes.iter().find(|known| known.id == lane.id()).map(Arc::clone);
        let known = known.unwrap_or_else(|| {
            let new = Lane {
                id: lane.id(),
                number: lane.lane(),
                sink: Arc::clone(inner),
                rows: Mutex::default(),
            };
            lanes.push(Arc::new(new));
            Arc::clone(&lanes[lanes.len() - 1])
        });
        lane.enlist(Arc::clone(&known) as Arc<dyn LaneLog>);
        let retired = known.rows.lock().retired;
        LaneWriter {
            lane: Ok(known),
            retired,
        }
    }

    /// Writes what the lanes froze, makes it durable, and lets the lanes go on.
    pub(crate) fn cut(&self) -> Result<Vec<u8>, ConnError> {
        let mut lanes = self.inner.lanes.lock();
        lanes.sort_by_key(|lane| lane.number);
        // A lane that writes holds its rows when it asks for the target, so nobody who holds the target asks for rows.
        let take = |lane: &Arc<Lane<T>>| std::mem::take(&mut lane.rows.lock().frozen);
        let frozen: Vec<Vec<u8>> = lanes.iter().map(take).collect();
        let mut appended = 0;
        let made = {
            let mut target = self.inner.target.lock();
            let append = |rows: &Vec<u8>| target.append(rows).map(|()| appended += 1);
            frozen.iter().try_for_each(append).and_then(|()| target.cut())
        };
        for (at, (lane, frozen)) in lanes.iter().zip(frozen).enumerate() {
            let mut rows = lane.rows.lock();
            rows.held &= made.is_err();
            if at >= appended {
                rows.frozen = frozen;
            }
        }
        let note = made?;
        // Lanes of forks come and go; one that nobody writes with any more and that holds nothing is forgotten.
        lanes.retain(|lane| Arc::strong_count(lane) > 1 || !lane.rows.lock().bytes.is_empty());
        Ok(note)
    }

    /// The flow starts anew: its old lanes are forgotten with what they held.
    pub(crate) fn restart(&self) -> MutexGuard<'_, T> {
        self.inner.lanes.lock().clear();
        self.inner.target.lock()
    }

    /// The flow that writes, once it does.
    pub(crate) fn flow(&self) -> Option<&str> {
        self.inner.flow.get().map(String::as_str)
    }

    /// The target, for what only it knows.
    pub(crate) fn target(&self) -> MutexGuard<'_, T> {
        self.inner.target.lock()
    }
}

/// Writes rows of one lane.
pub(crate) struct LaneWriter<T> {
    lane: Result<Arc<Lane<T>>, ConnError>,
    /// How often the lane had been retired when this was made.
    retired: u64,
}

impl<T: Target> LaneWriter<T> {
    /// Lets `encode` append rows of type `R`. If it fails, nothing of this call is kept. `first` is called before,
    /// with the target, whenever the type differs from the one before.
    pub(crate) fn write<R: ?Sized>(
        &self,
        first: impl FnOnce(&mut T) -> Result<(), ConnError>,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), ConnError>,
    ) -> Result<(), ConnError> {
        let lane = self.lane.as_ref().map_err(Clone::clone)?;
        let mut rows = lane.rows.lock();
        if rows.retired != self.retired {
            return Err(ConnError::fatal(
                "given_up",
                "the call that writes took too long and was given up",
            ));
        }
        let row_type = std::any::type_name::<R>();
        if rows.row_type != row_type {
            first(&mut lane.sink.target.lock())?;
            rows.row_type = row_type;
        }
        if rows.settled >= T::FLUSH && rows.settled > 0 && !rows.held {
            let settled = rows.settled;
            lane.sink.target.lock().append(&rows.bytes[..settled])?;
            rows.drop_front(settled);
        }
        let before = rows.bytes.len();
        encode(&mut rows.bytes).inspect_err(|_| rows.bytes.truncate(before))
    }
}

impl Rows {
    fn drop_front(&mut self, count: usize) {
        self.bytes.drain(..count);
        self.left += count as u64;
        self.settled = 0;
    }
}

impl<T: Target> LaneLog for Lane<T> {
    fn mark(&self) -> u64 {
        let rows = self.rows.lock();
        rows.left + rows.bytes.len() as u64
    }

    fn rollback(&self, mark: u64) {
        let mut rows = self.rows.lock();
        let keep = mark.saturating_sub(rows.left) as usize;
        rows.bytes.truncate(keep);
        rows.settled = rows.settled.min(keep);
    }

    fn retire(&self) {
        self.rows.lock().retired += 1;
    }

    fn release(&self, _: u64) {
        let mut rows = self.rows.lock();
        rows.settled = rows.bytes.len();
    }

    fn freeze(&self, _: &mut LaneCut) {
        let mut rows = self.rows.lock();
        let rows = &mut *rows;
        rows.left += rows.bytes.len() as u64;
        rows.settled = 0;
        rows.held = true;
        match rows.frozen.is_empty() {
            true => std::mem::swap(&mut rows.frozen, &mut rows.bytes),
            // The cut before was given up: this one covers its rows too.
            false => rows.frozen.append(&mut rows.bytes),
        }
    }
}
