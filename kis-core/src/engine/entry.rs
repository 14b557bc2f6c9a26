//! Rows that are parked together: what they wait for, and how the store keeps them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kis_conn::store::{LetterId, ParkedRow, WasLetter};

use super::{parcel::From, stored, tries::Tries};
use crate::{
    error::Error,
    flow::FlowPlan,
    row::{Batch, key::Keys},
};

/// Rows that are parked together.
#[derive(Debug)]
pub(super) struct Entry {
    /// The step that they come to.
    pub(super) at: usize,
    pub(super) batch: Batch,
    pub(super) keys: Option<Arc<Keys>>,
    pub(super) from: From,
    pub(super) wait: Wait,
}

/// For what rows wait.
#[derive(Clone, Debug)]
pub(super) struct Wait {
    pub(super) tries: Tries,
    /// What their last try came to; nothing for rows that have had none.
    pub(super) error: Option<Error>,
    /// When they are tried again.
    pub(super) due: Instant,
}

impl Wait {
    /// For the rows before it.
    pub(super) fn turn() -> Wait {
        Wait {
            tries: Tries::none(),
            error: None,
            due: Instant::now(),
        }
    }
}

impl Entry {
    /// The hashes of its rows' keys, each once.
    pub(super) fn hashes(&self) -> Vec<u64> {
        let Some(keys) = &self.keys else { return Vec::new() };
        let mut hashes: Vec<u64> = (0..keys.len()).map(|i| keys.hash(i)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    pub(super) fn size(&self) -> u64 {
        let raw = self.from.raw.as_ref().map_or(0, |raw| raw.size());
        self.batch.rows().size() as u64 + raw
    }

    pub(super) fn seqs(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.batch.len() as u32).filter_map(|row| self.from.back(row)?.seq)
    }

    /// The rows of one key, and the others.
    pub(super) fn divide(self, hash: u64) -> (Option<Entry>, Option<Entry>) {
        let Some(keys) = &self.keys else {
            return (Some(self), None);
        };
        let own: Vec<bool> = (0..keys.len()).map(|row| keys.hash(row) == hash).collect();
        if own.iter().all(|own| *own) {
            return (Some(self), None);
        }
        let rows = |wanted: bool| -> Vec<u32> {
            let rows = own.iter().zip(0u32..).filter(|(own, _)| **own == wanted);
            rows.map(|(_, row)| row).collect()
        };
        let part = |wanted: bool, batch: Batch| {
            let rows = rows(wanted);
            Entry {
                at: self.at,
                batch,
                keys: Some(Arc::new(keys.pick(&rows))),
                from: self.from.select(rows),
                wait: self.wait.clone(),
            }
        };
        let part_of: Vec<u32> = own.iter().map(|own| u32::from(!own)).collect();
        let mut batches = self.batch.split(&part_of, 2).into_iter();
        let own = batches.next().map(|batch| part(true, batch));
        let others = batches.next().map(|batch| part(false, batch));
        (own, others)
    }

    /// The rows as the store keeps them.
    pub(super) fn stored<'a>(
        &'a self,
        plan: &'a FlowPlan,
        now_ms: u64,
    ) -> impl Iterator<Item = ParkedRow> + 'a {
        let step = &plan.steps[self.at];
        let wait = self.wait.due.saturating_duration_since(Instant::now());
        let due_ms = now_ms + u64::try_from(wait.as_millis()).unwrap_or(u64::MAX / 2);
        (0..self.batch.len()).filter_map(move |i| {
            let back = self.from.back(i as u32)?;
            let seq = back.seq?;
            let error = self.wait.error.as_ref();
            Some(ParkedRow {
                id: id_of(seq),
                flow: plan.name.to_string(),
                step: step.name.to_string(),
                key: self.keys.as_ref().map(|keys| keys.get(i).canonical()),
                seq,
                origin: back.origin.to_string(),
                attempts: self.wait.tries.attempt,
                replays: back.replays,
                was: back.was.as_ref().map(|was| WasLetter {
                    id: was.id,
                    step: plan.steps[was.at].name.to_string(),
                    seq: was.place,
                }),
                due_ms,
                since_ms: back.since_ms,
                class: error
                    .map(|error| error.class().as_str().to_owned())
                    .unwrap_or_default(),
                code: error.map(|error| error.code().to_owned()).unwrap_or_default(),
                message: error.map(|error| error.message().to_owned()).unwrap_or_default(),
                row: stored::store(
                    plan,
                    self.at,
                    &self.from,
                    Some(i as u32),
                    Some(&self.batch.rows().copy_one(i)),
                ),
            })
        })
    }
}

/// How long a restored row waits that was to be tried at `due_ms`; never longer than the longest backoff, whatever the
/// clock says.
pub(super) fn wait_until(due_ms: u64, now_ms: u64, most: Duration) -> Instant {
    Instant::now() + Duration::from_millis(due_ms.saturating_sub(now_ms)).min(most)
}

pub(super) fn id_of(seq: u64) -> LetterId {
    LetterId(u128::from(seq))
}
