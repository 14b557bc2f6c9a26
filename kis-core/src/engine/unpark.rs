//! The rows that were parked when a flow stopped, back in their lanes at its next start.

use std::{sync::Arc, time::Duration};

use kis_conn::{
    ErrorClass,
    store::{Letter, LetterId, LetterWrite, ParkedRow},
};

use super::{
    chain::Chain,
    entry::{Entry, Wait, wait_until},
    parcel::{Back, Flight, Was},
    reentry::Returning,
    tries::Tries,
};
use crate::{error::Error, flow::FlowPlan, observe::FlowCounters};

/// Parked rows of a flow, each with its stage and lane, in the order in which they go back on their shelves.
pub(super) struct Unparked {
    rows: Vec<(usize, usize, Entry)>,
    /// Rows that cannot come back, with the letters that they become.
    lost: Vec<(u64, Letter)>,
    /// The number of the next row that is parked.
    pub(super) next: u64,
}

impl Unparked {
    /// Makes the parked rows that the store holds rows of the flow again. Those that cannot be become dead letters.
    pub(super) fn new(
        plan: &FlowPlan,
        counters: &Arc<FlowCounters>,
        rows: Vec<ParkedRow>,
        now_ms: u64,
    ) -> Unparked {
        let mut unparked = Unparked {
            rows: Vec::new(),
            lost: Vec::new(),
            next: rows.iter().map(|row| row.seq + 1).max().unwrap_or_default(),
        };
        let flight = Flight::new(Arc::clone(counters), 0, 0, Vec::new());
        let mut rows: Vec<(Option<usize>, ParkedRow)> = rows
            .into_iter()
            .map(|row| (plan.own().iter().position(|step| *step.name == *row.step), row))
            .collect();
        // Of the rows of one key, those that have come further go first.
        rows.sort_by_key(|(at, row)| (std::cmp::Reverse(*at), row.seq));
        for (at, row) in rows {
            match bring_back(plan, at, &row, &flight, now_ms) {
                Ok(back) => unparked.rows.push(back),
                Err(why) => unparked.lost.push((row.seq, letter(row, &why, now_ms))),
            }
        }
        unparked
    }

    /// Gives a lane what is its own; the first one takes what is lost.
    pub(super) fn give(&mut self, stage: usize, lane: usize, chain: &mut Chain) {
        let Some(shelf) = &mut chain.shelf else { return };
        let own = self
            .rows
            .extract_if(.., |(of, row_lane, _)| (*of, *row_lane) == (stage, lane));
        own.for_each(|(_, _, entry)| shelf.restore(entry));
        for (seq, letter) in self.lost.drain(..) {
            shelf.forget(seq);
            tracing::warn!(flow = %chain.flow.name, step = letter.step, origin = letter.origin,
                "dead letter: a parked row cannot come back: {}", letter.message);
            chain.around.counters.dead.add(1);
            chain.letters.push(LetterWrite::Put(letter));
        }
    }
}

fn bring_back(
    plan: &FlowPlan,
    at: Option<usize>,
    row: &ParkedRow,
    flight: &Arc<Flight>,
    now_ms: u64,
) -> Result<(usize, usize, Entry), String> {
    let at = at.ok_or_else(|| {
        let steps: Vec<&str> = plan.own().iter().map(|step| &*step.name).collect();
        format!("step {} is gone; the flow has {}", row.step, steps.join(", "))
    })?;
    if at < plan.head {
        return Err(format!(
            "step {} is before the lanes now, where no row is parked; send it in again with `dlq redrive`",
            row.step
        ));
    }
    let was = row.was.as_ref().and_then(|was| {
        let at = plan.own().iter().position(|step| *step.name == *was.step)?;
        Some(Was {
            id: was.id,
            at,
            place: was.seq,
        })
    });
    let returning = Returning {
        at,
        row: row.row.clone(),
        key: row.key.clone(),
        back: Back {
            origin: row.origin.as_str().into(),
            since_ms: row.since_ms,
            replays: row.replays,
            seq: Some(row.seq),
            was,
        },
        letters: Vec::new(),
    };
    let (stage, lane, parcel) = returning.restore(plan, Arc::clone(flight))?.into_lane();
    let retry = plan.steps[at].on_error.retry;
    let mut backoff = retry.backoff.from;
    for _ in 1..row.attempts {
        backoff = (backoff * 2).min(retry.backoff.to);
    }
    let due = match row.attempts {
        0 => wait_until(0, 0, Duration::ZERO),
        _ => wait_until(row.due_ms, now_ms, retry.backoff.to),
    };
    let entry = Entry {
        at,
        batch: parcel.batch,
        keys: parcel.keys,
        from: parcel.from,
        wait: Wait {
            tries: Tries::spent(row.attempts, backoff),
            error: ErrorClass::parse(&row.class)
                .map(|class| Error::new(class, row.message.clone()).with_code(row.code.clone())),
            due,
        },
    };
    Ok((stage, lane, entry))
}

fn letter(row: ParkedRow, why: &str, now_ms: u64) -> Letter {
    Letter {
        id: LetterId::of(
            &row.flow,
            &row.step,
            &format!("{} parked {}", row.origin, row.seq),
        ),
        flow: row.flow,
        step: row.step,
        stage: "parked".to_owned(),
        class: "retry".to_owned(),
        code: "cannot_return".to_owned(),
        message: why.to_owned(),
        attempts: row.attempts,
        origin: row.origin,
        row: row.row,
        key: row.key,
        first_ms: row.since_ms,
        last_ms: now_ms,
        replays: row.replays,
        seq: row.was.map_or(0, |was| was.seq),
    }
}
