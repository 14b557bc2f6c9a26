//! The one writer of the embedded store: cuts that are complete at the same moment share one transaction.

use std::thread;

use kis_conn::{
    ConnError,
    store::{FlowCut, LetterStock, Store},
};
use tokio::sync::{mpsc, oneshot};

use super::fault::Fault;

/// Sends cuts to the writer.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: mpsc::UnboundedSender<Job>,
}

#[derive(Debug)]
struct Job {
    cut: FlowCut,
    done: oneshot::Sender<Written>,
}

/// A cut with what the store said of its letters; nothing of it is written when that is an error.
pub(super) type Written = (FlowCut, Result<Option<LetterStock>, ConnError>);

/// How many cuts share one transaction at the most, so that one commit stays short.
const GROUP: usize = 1024;

impl Writer {
    /// Starts the writer's thread; it ends when the last sender is dropped. The receiver is closed when it has ended
    /// and holds the store no more.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(store: Store) -> std::io::Result<(Writer, oneshot::Receiver<()>)> {
        let (queue, mut jobs) = mpsc::unbounded_channel::<Job>();
        let (ending, ended) = oneshot::channel();
        thread::Builder::new()
            .name("kis-store".to_owned())
            .spawn(move || {
                let mut group = Vec::new();
                while jobs.blocking_recv_many(&mut group, GROUP) > 0 {
                    let (cuts, done): (Vec<_>, Vec<_>) =
                        group.drain(..).map(|job| (job.cut, job.done)).unzip();
                    let result = store.commit(&cuts).map_err(ConnError::from);
                    for (number, (cut, done)) in cuts.into_iter().zip(done).enumerate() {
                        let stock = result.as_ref().map(|stocks| stocks[number].clone());
                        // A flow that was stopped meanwhile does not wait for its answer.
                        let _ = done.send((cut, stock.map_err(Clone::clone)));
                    }
                }
                drop(store);
                drop(ending);
            })?;
        Ok((Writer { queue }, ended))
    }

    /// Writes a cut, and waits until it is durable or the store says why not.
    ///
    /// # Errors
    /// If the writer is gone.
    pub(super) async fn commit(&self, cut: FlowCut) -> Result<Written, Fault> {
        let (done, answer) = oneshot::channel();
        let gone = || Fault::bug("the writer of the store is gone");
        self.queue.send(Job { cut, done }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}
