//! Reads one partition of a source: blocks go to free workers for the flow's head, and from there, back in order, to
//! the lanes. A reader never runs user code and never stays more than a few batches ahead of the lanes.

use std::{sync::Arc, time::Duration};

use kis_conn::{BatchLimit, ConnError, ErrorClass, Next, Partition, Position, Source};
use tokio::{sync::Semaphore, task::JoinSet};

use super::{around::Stop, fault::Fault, flow::FlowRun, head::HeadJob, heads, parcel::Flight};

/// One partition to read.
pub(super) struct Reading {
    pub(super) source: usize,
    pub(super) opened: Arc<dyn Source>,
    pub(super) partition: Partition,
    /// Its number at the router.
    pub(super) number: usize,
    /// Its lane, where rows are ordered by partition.
    pub(super) lane: usize,
    pub(super) from: Option<Position>,
}

/// Reads the partitions of a source in their order, so many of them at a time. Returns whether all ended.
///
/// # Errors
/// As [`read`].
pub(super) async fn read_in_turn(
    flow: Arc<FlowRun>,
    readings: Vec<Reading>,
    at_once: usize,
) -> Result<bool, Fault> {
    let mut waiting = readings.into_iter();
    let mut open = JoinSet::new();
    let mut ended = true;
    loop {
        let room = at_once - open.len();
        for reading in waiting.by_ref().take(room) {
            open.spawn(read(Arc::clone(&flow), reading));
        }
        match open.join_next().await {
            Some(Ok(whole)) => ended &= whole?,
            Some(Err(_)) => return Err(Fault::bug("a reader panicked")),
            None => return Ok(ended),
        }
    }
}

/// Reads a partition until it ends or the flow stops. Returns whether it ended.
///
/// # Errors
/// What the source says, if waiting and asking again cannot mend it.
async fn read(flow: Arc<FlowRun>, reading: Reading) -> Result<bool, Fault> {
    let ahead = Arc::new(Semaphore::new(flow.intake.ahead));
    let mut stop = flow.around.stop.clone();
    let mut paused = flow.paused.subscribe();
    let mut from = reading.from.clone();
    let most = flow.plan.sources[reading.source].limit();
    let letters = Arc::clone(&flow.around.letters);
    let mut patience = Patience::default();
    'open: loop {
        let opened = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop >= Stop::Drain) => return Ok(false),
            opened = reading.opened.read(&reading.partition, from.as_ref()) => opened,
        };
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => {
                wait_or_fail(&flow, &reading, &mut patience, error).await?;
                continue 'open;
            }
        };
        loop {
            let slot = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop >= Stop::Drain) => return Ok(false),
                slot = Arc::clone(&ahead).acquire_owned() => slot.map_err(|_| Fault::bug("a reader's window is closed"))?,
            };
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop >= Stop::Drain) => return Ok(false),
                () = async {
                    if flow.uncut.is_full() {
                        flow.paused.send_replace(true);
                    }
                    // The watched values live as long as the flow.
                    let _ = paused.wait_for(|paused| !paused).await;
                    flow.guards.budgets.opened().await;
                    flow.parked.room().await;
                } => {}
            }
            let limit = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop >= Stop::Drain) => return Ok(false),
                room = letters.room(&flow.around.counters) => BatchLimit {
                    rows: match flow.guards.is_slow() {
                        true => 1,
                        false => most.rows.min(u32::try_from(room).unwrap_or(u32::MAX)),
                    },
                    ..most
                },
            };
            let next = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop >= Stop::Drain) => return Ok(false),
                next = reader.next(limit) => next,
            };
            let block = match next {
                Ok(Next::Block(block)) => block,
                Ok(Next::Ended) => return Ok(true),
                Err(error) => {
                    wait_or_fail(&flow, &reading, &mut patience, error).await?;
                    continue 'open;
                }
            };
            patience = Patience::default();
            let (rows, bytes) = (block.rows.len() as u64, block.rows.size());
            let room = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop >= Stop::Drain) => return Ok(false),
                room = flow.intake.room(bytes) => room.ok_or_else(|| Fault::bug("a flow's intake budget is closed"))?,
            };
            let counters = &flow.around.counters;
            let [own, shared] = room;
            let take = || Flight::new(Arc::clone(counters), rows, bytes, vec![slot, own, shared]);
            let flight = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop >= Stop::Drain) => return Ok(false),
                flight = letters.admit(counters, rows, take) => flight,
            };
            counters.receive(reading.source, rows, bytes);
            from = Some(block.after.clone());
            flow.starts.begin().await?;
            let place = flow.router.reserve(reading.number);
            let job = HeadJob {
                source: reading.source,
                partition: reading.number,
                lane: reading.lane,
                place,
                block,
                flight,
            };
            heads::send(&flow, job);
        }
    }
}

/// Waits before the source is asked again, or gives up.
async fn wait_or_fail(
    flow: &FlowRun,
    reading: &Reading,
    patience: &mut Patience,
    error: ConnError,
) -> Result<(), Fault> {
    let source = &flow.plan.sources[reading.source].name;
    if !matches!(
        error.class,
        ErrorClass::Unavailable | ErrorClass::Retry | ErrorClass::Timeout
    ) {
        return Err(Fault::new(
            error.code.clone(),
            format_args!("source {source}, {}: {}", reading.partition, error.message),
        ));
    }
    let wait = patience.next();
    tracing::warn!(flow = %flow.plan.name, source = %source, partition = %reading.partition, code = %error.code,
        "{}; asking again in {wait:?}", error.message);
    let mut stop = flow.around.stop.clone();
    let _ = tokio::time::timeout(wait, stop.wait_for(|stop| *stop >= Stop::Drain)).await;
    Ok(())
}

/// How long to wait before asking again: doubled each time, from a tenth of a second to ten.
#[derive(Clone, Debug)]
pub(super) struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Patience(Duration::from_millis(100))
    }
}

impl Patience {
    /// The next time to wait.
    pub(super) fn next(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (wait * 2).min(Duration::from_secs(10));
        wait
    }
}
