//! The queue of blocks before a flow's head: as many tasks as there are workers take from it, and none waits on it.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;

use super::{
    fault::Fault,
    flow::{FlowRun, workers},
    head::{self, HeadJob},
    lane::give_way,
    router::Routed,
};

/// Blocks that wait for the head of their flow.
#[derive(Debug, Default)]
pub(super) struct Heads(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    jobs: VecDeque<HeadJob>,
    /// Tasks that take from the queue.
    tasks: usize,
}

/// Puts a block into the queue. A task that is at it anyway takes it next: to wake one for each block would cost more
/// than its rows.
pub(super) fn send(flow: &Arc<FlowRun>, job: HeadJob) {
    let mut inner = flow.blocks.0.lock();
    inner.jobs.push_back(job);
    if inner.tasks < workers() {
        inner.tasks += 1;
        drop(inner);
        tokio::spawn(work(Arc::clone(flow)));
    }
}

async fn work(flow: Arc<FlowRun>) {
    loop {
        let job = {
            let mut inner = flow.blocks.0.lock();
            match inner.jobs.pop_front() {
                Some(job) => job,
                None => {
                    inner.tasks -= 1;
                    return;
                }
            }
        };
        run(&flow, job).await;
        give_way().await;
    }
}

/// Runs the flow's head on one block and sends it on to the lanes.
async fn run(flow: &FlowRun, job: HeadJob) {
    let (partition, place) = (job.partition, job.place);
    let (after, rows) = (job.block.after.clone(), job.block.rows.len() as u64);
    let mut guard = PanicGuard(Some(flow));
    let routed = head::run(flow, job).await;
    guard.0 = None;
    match routed {
        Ok(parcels) => flow
            .router
            .fill(partition, place, Routed { parcels, after, rows }),
        Err(fault) => flow.fail(fault),
    }
}

/// Stops the flow when its head panics outside of user code: the place of the block would stay empty for ever.
struct PanicGuard<'a>(Option<&'a FlowRun>);

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if let Some(flow) = self.0 {
            flow.fail(Fault::bug("the head of a flow panicked"));
        }
    }
}
