//! What a connector knows of the lane its client works in, and what a client keeps for it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::{LaneCut, LaneTables};

/// What a client keeps for its lane between two cuts: undone when a call fails, frozen when the marker passes.
///
/// The engine calls, for each log of a lane: `mark` before a call; `rollback` with it when the call failed;
/// `release` when the outermost call stands and will never be undone; `freeze` when the lane meets the marker of a
/// cut. All four come from the lane itself, never at the same time as a call, and never fail.
pub trait LaneLog: Send + Sync {
    /// The place to which [`rollback`](LaneLog::rollback) can go back. Marks may be nested, last one first back.
    fn mark(&self) -> u64;

    /// Undoes everything since the mark. Marks taken after it are void.
    fn rollback(&self, mark: u64);

    /// The call at work was given up and may still write: nothing that comes from clients made until now counts any
    /// more. The engine makes new clients, and then [rolls back](LaneLog::rollback) what the call wrote before.
    fn retire(&self) {}

    /// The call that took `mark` stands for good: what is needed to undo it may be dropped, and what it buffered may
    /// leave. Only for outermost marks.
    fn release(&self, mark: u64);

    /// The marker of a cut passes: everything written so far belongs to it, everything later does not. What belongs
    /// to the store goes into `cut`. The next freeze of this lane comes after the cut is durable (or tried again).
    fn freeze(&self, cut: &mut LaneCut);
}

/// The lane for which a connector makes a client. Cheap to clone.
#[derive(Clone)]
pub struct LaneContext {
    inner: Arc<Inner>,
}

struct Inner {
    id: u64,
    flow: Arc<str>,
    lane: u32,
    lanes: u32,
    tables: LaneTables,
    logs: Mutex<Vec<Arc<dyn LaneLog>>>,
}

impl LaneContext {
    /// Lane number `lane` of `lanes` lanes of `flow`. Its tables are enlisted already.
    pub fn new(flow: impl AsRef<str>, lane: u32, lanes: u32, tables: LaneTables) -> Self {
        let logs: Vec<Arc<dyn LaneLog>> = vec![Arc::new(tables.clone())];
        let flow = Arc::from(flow.as_ref());
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        LaneContext {
            inner: Arc::new(Inner {
                id,
                flow,
                lane,
                lanes,
                tables,
                logs: Mutex::new(logs),
            }),
        }
    }

    /// The same lane with logs of its own, for a step whose calls may be given up.
    #[must_use]
    pub fn another(&self, tables: LaneTables) -> Self {
        LaneContext::new(self.flow(), self.lane(), self.lanes(), tables)
    }

    /// The flow's name.
    pub fn flow(&self) -> &str {
        &self.inner.flow
    }

    /// Tells this lane from all others of the process, also from lanes of the same number in forks of the flow.
    pub fn id(&self) -> u64 {
        self.inner.id
    }

    /// Which lane, from 0.
    pub fn lane(&self) -> u32 {
        self.inner.lane
    }

    /// How many lanes the flow has.
    pub fn lanes(&self) -> u32 {
        self.inner.lanes
    }

    /// The lane's view of the embedded tables.
    pub fn tables(&self) -> &LaneTables {
        &self.inner.tables
    }

    /// Adds a log that the engine marks, rolls back and freezes with this lane. The same log counts once.
    pub fn enlist(&self, log: Arc<dyn LaneLog>) {
        let mut logs = self.inner.logs.lock();
        if !logs.iter().any(|known| Arc::ptr_eq(known, &log)) {
            logs.push(log);
        }
    }

    /// Everything enlisted, the tables first.
    pub fn logs(&self) -> Vec<Arc<dyn LaneLog>> {
        self.inner.logs.lock().clone()
    }
}

impl fmt::Debug for LaneContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaneContext")
            .field("flow", &self.inner.flow)
            .field("lane", &self.inner.lane)
            .field("lanes", &self.inner.lanes)
            .finish_non_exhaustive()
    }
}
