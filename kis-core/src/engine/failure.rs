//! What becomes of a row that failed: a dead letter, dropped, or the reason for which the flow stops.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kis_conf::Policy;
use kis_conn::{
    ErrorClass,
    store::{Letter, LetterId, LetterWrite},
};

use super::{
    around::Surroundings,
    fault::Fault,
    letters::LetterBook,
    parcel::{Back, From, numbered},
    stored,
};
use crate::{
    flow::{FlowPlan, StepPlan},
    observe::{DropReason, FlowCounters},
    row::{Batch, Fail, key::Keys},
};

/// Where a row failed, and what is around it.
pub(super) struct Failing<'a> {
    flow: &'a FlowPlan,
    step: &'a StepPlan,
    /// The step's number in the flow.
    at: usize,
    from: &'a From,
    keys: Option<&'a Arc<Keys>>,
    counters: &'a FlowCounters,
    attempts: u32,
    now_ms: u64,
    book: &'a LetterBook,
}

/// The rows that failed for good in the run of one batch: how many of one origin at one step.
#[derive(Debug, Default)]
pub(super) struct Fallen {
    counts: HashMap<(usize, Option<u32>), u32>,
}

impl Fallen {
    /// Counts a row of this origin that failed at step `at`, from 1.
    pub(super) fn count(&mut self, at: usize, origin: Option<u32>) -> u32 {
        let count = self.counts.entry((at, origin)).or_default();
        *count += 1;
        *count
    }

    /// Forgets all rows: the next batch begins.
    pub(super) fn clear(&mut self) {
        self.counts.clear();
    }

    /// Takes the rows that failed out of a batch that was copied before. Rows that stand for a whole batch stay: which
    /// of them failed is not known, and none may be lost.
    pub(super) fn leave(&self, batch: &mut Batch) {
        let fell: HashSet<u32> = self.counts.keys().filter_map(|(_, origin)| *origin).collect();
        let stays = |i| batch.origin_of(i).is_none_or(|origin| !fell.contains(&origin));
        let keep: Vec<bool> = (0..batch.len()).map(stays).collect();
        batch.retain(&keep);
    }
}

impl<'a> Failing<'a> {
    /// Rows at step `at` of a flow, that came from there with these keys and were tried so often.
    pub(super) fn at(
        (flow, around): (&'a FlowPlan, &'a Surroundings),
        at: usize,
        (from, keys): (&'a From, Option<&'a Arc<Keys>>),
        attempts: u32,
    ) -> Failing<'a> {
        Failing {
            flow,
            step: &flow.steps[at],
            at,
            from,
            keys,
            counters: &around.counters,
            attempts,
            now_ms: around.now_ms(),
            book: &around.letters,
        }
    }

    /// Applies the policy of the row's class and adds a dead letter to `letters` if it says so. The row is the `nth` of
    /// its origin that failed here.
    ///
    /// # Errors
    /// If the policy says that the flow stops.
    pub(super) fn settle(&self, fail: Fail, nth: u32, letters: &mut Vec<LetterWrite>) -> Result<(), Fault> {
        let (class, code) = (fail.error.class(), fail.error.code().to_owned());
        let counters = self.counters.step(self.at);
        let told = counters.error(class.as_str(), &code, self.now_ms);
        if class == ErrorClass::Decode {
            self.counters.decode_errors.add(1);
        }
        let policy = match self.step.policy(class, &code) {
            Policy::Stop if self.book.skips(&self.from.show(fail.origin)) => Policy::DeadLetter,
            policy => policy,
        };
        match policy {
            Policy::Drop => {
                tracing::debug!(flow = %self.flow.name, step = %self.step.name, origin = %self.from.show(fail.origin), class = %class, code, "{}", fail.error.message());
                counters.drop_rows(DropReason::Policy, 1);
                Ok(())
            }
            Policy::Stop => Err(Fault::at(
                &self.step.name,
                code,
                format_args!("{} of {}", fail.error.message(), self.from.show(fail.origin)),
            )),
            Policy::DeadLetter | Policy::Retry => {
                if let Some(untold) = told {
                    tracing::warn!(flow = %self.flow.name, step = %self.step.name, at = self.step.info.at,
                        origin = %self.from.show(fail.origin), class = %class, code, attempts = self.attempts, untold,
                        "dead letter: {}", fail.error.message());
                }
                self.bury(fail, nth, letters);
                Ok(())
            }
        }
    }

    /// Adds the row to the dead letters, whatever the policy of its class is.
    pub(super) fn bury(&self, fail: Fail, nth: u32, letters: &mut Vec<LetterWrite>) {
        let code = fail.error.code().to_owned();
        self.counters.dead.add(1);
        self.counters
            .step(self.at)
            .letter(fail.error.class().as_str(), &code);
        letters.push(LetterWrite::Put(self.letter(fail, nth, &code)));
    }

    fn letter(&self, fail: Fail, nth: u32, code: &str) -> Letter {
        let origin = numbered(self.from.show(fail.origin), nth);
        let class = fail.error.class();
        let back = fail.origin.and_then(|row| self.from.back(row));
        let row = stored::store(self.flow, self.at, self.from, fail.origin, fail.row.as_ref());
        let key = fail
            .origin
            .zip(self.keys)
            .map(|(row, keys)| keys.get(row as usize).canonical());
        Letter {
            id: self.id(&origin, back),
            flow: self.flow.name.to_string(),
            step: self.step.name.to_string(),
            stage: if class == ErrorClass::Decode {
                "decode"
            } else {
                "call"
            }
            .to_owned(),
            class: class.as_str().to_owned(),
            code: code.to_owned(),
            message: fail.error.message().to_owned(),
            attempts: self.attempts,
            origin,
            row,
            key,
            first_ms: back.map_or(self.now_ms, |back| back.since_ms),
            last_ms: self.now_ms,
            replays: back.map_or(0, |back| back.replays),
            // A row that was a letter before keeps its place among them.
            seq: back.and_then(|back| back.was.as_ref()).map_or(0, |was| was.place),
        }
    }

    /// A row that was a letter here is that letter again. One that was parked, or was a letter elsewhere, is a letter of
    /// its own: others of its origin may have gone on before it.
    fn id(&self, origin: &str, back: Option<&Back>) -> LetterId {
        let Some(back) = back else {
            return LetterId::of(&self.flow.name, &self.step.name, origin);
        };
        let mut row = origin.to_owned();
        match &back.was {
            Some(was) if was.at == self.at => return was.id,
            Some(was) => row.push_str(&format!(" letter {}", was.id)),
            None => {}
        }
        if let Some(seq) = back.seq {
            row.push_str(&format!(" parked {seq}"));
        }
        LetterId::of(&self.flow.name, &self.step.name, &row)
    }
}
