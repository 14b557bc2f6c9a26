//! How much a flow, and all flows of a process together, may have read and not settled.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that are read and not settled, in units of [`Budget::UNIT`]. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    free: Arc<Semaphore>,
    units: u32,
}

impl Budget {
    const UNIT: u64 = 1024;

    /// Room for so many bytes.
    pub(super) fn new(bytes: u64) -> Budget {
        let units = u32::try_from(bytes / Self::UNIT)
            .unwrap_or(u32::MAX)
            .clamp(1, Semaphore::MAX_PERMITS as u32);
        Budget {
            free: Arc::new(Semaphore::new(units as usize)),
            units,
        }
    }

    /// Waits for room for a batch of `bytes`; one larger than the whole budget takes all of it.
    async fn room(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let units = u32::try_from(bytes.div_ceil(Self::UNIT))
            .unwrap_or(u32::MAX)
            .min(self.units);
        Arc::clone(&self.free).acquire_many_owned(units).await.ok()
    }
}

/// What the readers of a flow may hold at a time.
#[derive(Debug)]
pub(super) struct Intake {
    /// Batches of one partition that are read and not settled.
    pub(super) ahead: usize,
    /// Bytes of the flow, and of all flows of the process.
    pub(super) bytes: [Budget; 2],
}

impl Intake {
    /// Waits for room for a batch of `bytes`.
    pub(super) async fn room(&self, bytes: u64) -> Option<[OwnedSemaphorePermit; 2]> {
        let [flow, process] = &self.bytes;
        // A flow that has no room of its own holds none of the others'.
        let own = flow.room(bytes).await?;
        Some([own, process.room(bytes).await?])
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future as _,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    /// The room, if there is some now.
    fn room(intake: &Intake, units: u64) -> Option<[OwnedSemaphorePermit; 2]> {
        let room = pin!(intake.room(units * Budget::UNIT));
        match room.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(room) => room,
            Poll::Pending => None,
        }
    }

    #[test]
    fn flows_share_the_budget_of_the_process() {
        let process = Budget::new(10 * Budget::UNIT);
        let [one, two] = [8, 8].map(|units| Intake {
            ahead: 1,
            bytes: [Budget::new(units * Budget::UNIT), process.clone()],
        });
        let held = room(&one, 7).unwrap();
        assert!(room(&one, 2).is_none(), "the flow's own budget");
        assert!(room(&two, 4).is_none(), "the budget of all");
        drop(held);
        assert!(room(&two, 8).is_some());
        assert!(
            room(&two, 100).is_some(),
            "a batch that is larger than all takes all"
        );
    }
}
