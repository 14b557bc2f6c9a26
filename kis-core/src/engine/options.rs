//! How the flows of a plan are run.

use std::{path::PathBuf, sync::Arc};

use kis_conn::store::Store;

use super::run::new_counters;
use crate::{flow::Plan, function::Exts, observe::FlowCounters};

/// How the flows of a plan are run.
pub struct RunOptions {
    /// The embedded store.
    pub store: Store,
    /// Where relative paths begin.
    pub base: PathBuf,
    /// What the app put in for its functions.
    pub exts: Exts,
    /// Forget what was stored of the flows, and read from the start.
    pub fresh: bool,
    /// Take nothing from the sources: only dead letters that are sent in, until the flows are drained.
    pub closed: bool,
    /// What the flows count on, from [`RunOptions::count`], for those who look at them before all is open; else the
    /// engine makes its own.
    pub counters: Vec<Arc<FlowCounters>>,
    /// The clock by which state expires: milliseconds since 1970. Tests hand in their own.
    pub clock: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl RunOptions {
    /// Runs with this store; relative paths begin in the current folder.
    pub fn new(store: Store) -> RunOptions {
        RunOptions {
            store,
            base: PathBuf::from("."),
            exts: Exts::default(),
            fresh: false,
            counters: Vec::new(),
            closed: false,
            clock: super::around::system_clock(),
        }
    }
}

impl RunOptions {
    /// Counters for the flows of `plan`, in its order.
    pub fn count(plan: &Plan) -> Vec<Arc<FlowCounters>> {
        plan.flows.iter().map(|flow| new_counters(flow)).collect()
    }
}

impl std::fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunOptions")
            .field("base", &self.base)
            .field("fresh", &self.fresh)
            .finish_non_exhaustive()
    }
}
