//! The one writer of the embedded store: cuts that are complete at the same moment share one transaction.

use std::{sync::Arc, thread};

use kis_conn::store::{FlowCut, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

/// Sends cuts to the writer.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: mpsc::UnboundedSender<Job>,
}

struct Job {
    cut: Arc<FlowCut>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// How many cuts share one transaction at the most, so that one commit stays short.
const GROUP: usize = 256;

impl Writer {
    /// Starts the writer's thread; it ends when the last sender is dropped.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(store: Store) -> std::io::Result<Writer> {
        let (queue, mut jobs) = mpsc::unbounded_channel::<Job>();
        thread::Builder::new().name("kis-store".to_owned()).spawn(move || {
            let mut group = Vec::new();
            while jobs.blocking_recv_many(&mut group, GROUP) > 0 {
                let (cuts, done): (Vec<_>, Vec<_>) = group.drain(..).map(|job| (job.cut, job.done)).unzip();
                let result = store.commit(&cuts);
                for done in done {
                    // A flow that was stopped meanwhile does not wait for its answer.
                    let _ = done.send(result.clone());
                }
            }
        })?;
        Ok(Writer { queue })
    }

    /// Writes a cut and waits until it is durable.
    ///
    /// # Errors
    /// What the store says; nothing of the cut is written then.
    pub(super) async fn commit(&self, cut: Arc<FlowCut>) -> Result<(), StoreError> {
        let (done, answer) = oneshot::channel();
        if self.queue.send(Job { cut, done }).is_err() {
            return Err(StoreError::closed());
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::closed()))
    }
}
