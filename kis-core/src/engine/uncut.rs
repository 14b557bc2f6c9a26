//! How much the lanes of a flow may have written to embedded tables that is not durable yet.

use kis_conn::store::FlowTables;
use tokio::sync::Notify;

/// The writes of a flow that are not durable, against their limit. Half of it is asked to be cut, so that the lanes
/// fill the other half while the store writes.
#[derive(Debug)]
pub(super) struct Uncut {
    tables: FlowTables,
    limit: u64,
    wanted: Notify,
}

impl Uncut {
    /// What is written to `tables` may take so many bytes.
    pub(super) fn new(tables: FlowTables, limit: u64) -> Uncut {
        Uncut {
            tables,
            limit,
            wanted: Notify::new(),
        }
    }

    /// Whether nothing more may be read before a cut is durable. Asks for a cut when one is due.
    pub(super) fn is_full(&self) -> bool {
        let full = self.tables.uncut_bytes() >= self.limit;
        if full || self.tables.pending_bytes() >= self.limit / 2 {
            self.wanted.notify_one();
        }
        full
    }

    /// Waits until a cut is wanted before its time.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }
}
