//! Redrive: dead letters as one more source of their flow. Each is removed in the cut that settles its row, so that
//! nothing is lost or doubled when it is stopped in the middle.

use std::{collections::BTreeMap, fmt, future::Future, sync::Arc, time::Duration};

use kis_conn::store::{Letter, LetterWrite, Store};
use tokio::{sync::Semaphore, time::Instant};

use super::{
    around::Stop,
    fault::Fault,
    flow::FlowRun,
    parcel::{Back, Flight, Was},
    reentry::{Returning, order_key},
};
use crate::flow::FlowPlan;

/// How many letters are on their way at a time.
const WINDOW: usize = 1024;

/// Which dead letters of a flow are sent in again, and how.
pub struct Redrive {
    /// Says which letters are meant.
    pub wanted: Box<dyn Fn(&Letter) -> bool + Send + Sync>,
    /// The most that are sent.
    pub limit: Option<u64>,
    /// The most that are sent in a second.
    pub rate: Option<f64>,
    /// Letters that were sent in as often are left where they are.
    pub max_replays: Option<u32>,
    /// Send letters of a flow that is ordered by a key, though rows of their keys went past them.
    pub out_of_order: bool,
}

impl Default for Redrive {
    fn default() -> Self {
        Redrive {
            wanted: Box::new(|_| true),
            limit: None,
            rate: None,
            max_replays: None,
            out_of_order: false,
        }
    }
}

impl fmt::Debug for Redrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redrive")
            .field("limit", &self.limit)
            .field("rate", &self.rate)
            .field("max_replays", &self.max_replays)
            .field("out_of_order", &self.out_of_order)
            .finish_non_exhaustive()
    }
}

/// What came of a redrive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Letters that were sent in again.
    pub sent: u64,
    /// Letters of those whose rows failed again.
    pub again: u64,
    /// Letters that stay because they were sent in too often already.
    pub worn: u64,
    /// Letters that cannot be sent in, by the reason.
    pub refused: BTreeMap<String, u64>,
    /// The flow ended before all that were sent were settled; what was not settled is still a letter.
    pub unsettled: bool,
}

/// Why letters of this flow may not be sent in without further ado, if that is so.
pub fn disorder(plan: &FlowPlan) -> Option<String> {
    if plan.conf.dead_letter.keep_order {
        return None;
    }
    let stage = plan.stages.iter().find_map(|stage| stage.key.as_deref());
    let by_source = plan.sources.iter().find_map(|source| source.key());
    let key = order_key(plan).or(by_source).or(stage)?;
    Some(format!(
        "flow {} keeps the order of rows by {key}: rows of the same {key} went past a dead letter since it failed, and its row would come behind them; \
         `--out-of-order` sends it all the same",
        plan.name
    ))
}

/// Whether a letter could be sent in.
///
/// # Errors
/// Why not, for people.
pub fn may_return(plan: &Arc<FlowPlan>, letter: &Letter) -> Result<(), String> {
    let counters = super::run::new_counters(plan);
    let flight = Flight::new(counters, 0, 0, Vec::new());
    returning(plan, letter)?.restore(plan, flight).map(drop)
}

/// Letters that were sent in.
#[derive(Debug, Default)]
pub(super) struct Fed {
    pub(super) done: Redriven,
    /// The cut that settles the last of them.
    pub(super) cut: u64,
}

/// Sends letters into a running flow, the oldest first, until all were sent or the flow or `cancelled` ends it.
///
/// # Errors
/// When the store cannot be read or the flow has to stop.
pub(super) async fn feed(
    flow: &FlowRun,
    store: &Store,
    redrive: &Redrive,
    cancelled: impl Future<Output = ()>,
) -> Result<Fed, Fault> {
    let store_fault = |error: kis_conn::store::StoreError| Fault::new("store", error);
    let mut cancelled = std::pin::pin!(cancelled);
    let mut stop = flow.around.stop.clone();
    let window = Arc::new(Semaphore::new(WINDOW));
    let started = Instant::now();
    let mut fed = Fed::default();
    for id in store.letter_ids(&flow.plan.name).map_err(store_fault)? {
        if redrive.limit.is_some_and(|limit| fed.done.sent >= limit) {
            break;
        }
        let Some(letter) = store.letter(&flow.plan.name, id).map_err(store_fault)? else {
            continue;
        };
        if !(redrive.wanted)(&letter) {
            continue;
        }
        if redrive.max_replays.is_some_and(|most| letter.replays >= most) {
            fed.done.worn += 1;
            continue;
        }
        let returning = match returning(&flow.plan, &letter) {
            Ok(returning) => returning,
            Err(why) => {
                *fed.done.refused.entry(why).or_default() += 1;
                continue;
            }
        };
        let due = redrive.rate.map_or(started, |rate| {
            started + Duration::from_secs_f64(fed.done.sent as f64 / rate.max(f64::MIN_POSITIVE))
        });
        let place = async {
            tokio::time::sleep_until(due).await;
            Arc::clone(&window).acquire_owned().await
        };
        let permit = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop >= Stop::Drain) => break,
            () = &mut cancelled => break,
            permit = place => permit.map_err(|_| Fault::bug("the window of a redrive is closed"))?,
        };
        let counters = Arc::clone(&flow.around.counters);
        let flight = Flight::new(counters, 1, letter.row.bytes.len() as u64, vec![permit]);
        match returning.restore(&flow.plan, flight) {
            Ok(returned) => {
                fed.cut = returned.send(flow).await?;
                fed.done.sent += 1;
                flow.around.counters.redriven.add(1);
            }
            Err(why) => *fed.done.refused.entry(why).or_default() += 1,
        }
    }
    Ok(fed)
}

/// What a letter brings back to its step.
fn returning(plan: &FlowPlan, letter: &Letter) -> Result<Returning, String> {
    let steps = plan.own();
    let Some(at) = steps.iter().position(|step| *step.name == *letter.step) else {
        let names: Vec<&str> = steps.iter().map(|step| &*step.name).collect();
        return Err(format!(
            "its step {} is gone; flow {} has {}",
            letter.step,
            plan.name,
            names.join(", ")
        ));
    };
    // A row that was not kept on its way goes the whole way again.
    let whole_way = letter.row.fingerprint == 0 && !steps[at].sees_source;
    Ok(Returning {
        at: if whole_way { 0 } else { at },
        row: letter.row.clone(),
        key: letter.key.clone().filter(|_| !whole_way),
        back: Back {
            origin: letter.origin.as_str().into(),
            since_ms: letter.first_ms,
            replays: letter.replays + 1,
            seq: None,
            was: Some(Was {
                id: letter.id,
                at,
                place: letter.seq,
            }),
        },
        letters: vec![LetterWrite::Remove(letter.id)],
    })
}
