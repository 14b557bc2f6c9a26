//! A flow's cuts: markers out, frozen parts in, one store transaction, and only then `commit` to the sources.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use kis_conn::{
    ErrorClass,
    store::{FlowCut, FlowRecord, LaneCut, RunState, StateRecord, StateValue, StateWrite},
};
use tokio::sync::mpsc;

use super::{
    around::{STOPPED, Stop},
    breaker::Stopped,
    conns::OpenConn,
    fault::Fault,
    flow::FlowRun,
    lane::{Answer, LaneFreeze},
    reader::Patience,
    router::Marked,
};
use crate::{
    flow::{FlowPlan, stored},
    observe::HeldBy,
    row::key::KeyRef,
};

/// A cut that takes longer than this, and than so many times the interval of cuts, makes the readers wait: what is
/// behind its markers stays in memory until it is made.
const LATE: (Duration, u32) = (Duration::from_secs(5), 3);

/// What the cuts of a flow need to know from one to the next.
pub(super) struct Cutter {
    flow: Arc<FlowRun>,
    answers: mpsc::UnboundedReceiver<Answer>,
    record: FlowRecord,
    /// What the first cut says of the flow's state: it stores migrated values in their new form.
    states: Vec<(Arc<str>, StateRecord)>,
    /// Rows that were parked at the last cut.
    parked: usize,
    /// From when on a cut is late.
    late: Duration,
}

impl Cutter {
    /// Takes the cuts of `flow`, whose lanes answer on `answers`.
    pub(super) fn new(
        flow: Arc<FlowRun>,
        answers: mpsc::UnboundedReceiver<Answer>,
        record: FlowRecord,
        every: Duration,
    ) -> Cutter {
        Cutter {
            states: stored::records(&flow.plan),
            flow,
            answers,
            record,
            parked: 0,
            late: LATE.0.max(every * LATE.1),
        }
    }

    /// Waits for the next fault of a lane. Lanes send nothing else between cuts.
    pub(super) async fn fault(&mut self) -> Fault {
        match self.answers.recv().await {
            Some(Answer::Fault(fault)) => *fault,
            Some(Answer::Frozen(_)) => Fault::bug("a lane answered a marker that nobody sent"),
            None => Fault::bug("all lanes are gone"),
        }
    }

    /// Takes one cut, if anything moved since the last one or the flow's state is new. Returns how many rows are
    /// parked; while any is, a flow has not ended.
    ///
    /// # Errors
    /// A fault of a lane, of a connector or of the store. Nothing of the cut is written then.
    pub(super) async fn cut(&mut self, state: RunState) -> Result<usize, Fault> {
        let started = Instant::now();
        let letters = &self.flow.around.letters;
        // What was there stays so when nothing is read.
        let state = if self.flow.closed {
            self.record.state
        } else {
            state
        };
        // A flow that had ended has not begun again before a row comes.
        let news = state == RunState::Ended && self.record.state != state;
        let news = self.flow.parked.take_changed() || news;
        let full = self.flow.uncut.is_full();
        let late_letters = letters.wants_cut(self.flow.around.now_ms());
        let Some(marked) = self.flow.router.mark(news || late_letters || full) else {
            self.flow.paused.send_replace(false);
            return Ok(self.parked);
        };
        self.flow.starts.begin().await?;
        let (flow, late) = (Arc::clone(&self.flow), self.late);
        {
            // Not within the task of a flow, which takes its memory also while there is nothing to cut.
            let mut made = Box::pin(self.make(marked, state));
            match tokio::time::timeout(late, &mut made).await {
                Ok(made) => made?,
                Err(_) => {
                    tracing::warn!(flow = %flow.plan.name, "a cut takes longer than {late:?}; no rows are read until it is made");
                    flow.paused.send_replace(true);
                    made.await?;
                }
            }
        }
        flow.paused.send_replace(false);
        self.flow.around.counters.cuts.add(1);
        self.flow.around.counters.cut_durations.add(started.elapsed());
        Ok(self.parked)
    }

    async fn make(&mut self, marked: Marked, state: RunState) -> Result<(), Fault> {
        let lanes = self.frozen(marked.cut).await?;
        self.parked = lanes.iter().map(|lane| lane.parked).sum();
        let state = if self.parked > 0 { RunState::Running } else { state };
        let notes = self.notes().await?;
        self.write(marked, lanes, notes, state).await
    }

    /// Collects what every lane froze at its marker.
    async fn frozen(&mut self, cut: u64) -> Result<Vec<LaneFreeze>, Fault> {
        let mut frozen = Vec::with_capacity(self.flow.lane_count);
        while frozen.len() < self.flow.lane_count {
            match self.answers.recv().await {
                Some(Answer::Frozen(freeze)) if freeze.cut == cut => frozen.push(*freeze),
                Some(Answer::Frozen(_)) => {
                    return Err(Fault::bug("a lane answered the marker of another cut"));
                }
                Some(Answer::Fault(fault)) => return Err(*fault),
                None => return Err(Fault::bug("all lanes are gone")),
            }
        }
        Ok(frozen)
    }

    /// Lets every connector make durable what belongs to the cut.
    async fn notes(&self) -> Result<Vec<(String, Vec<u8>)>, Fault> {
        let mut notes = Vec::new();
        for OpenConn { name, conn, breaker } in &self.flow.conns {
            let stop = &self.flow.around.stop;
            let asked = breaker.ask(stop, Stop::Now, || {
                if breaker.is_open() {
                    // What is read meanwhile could only pile up.
                    self.flow.paused.send_replace(true);
                }
                conn.cut()
            });
            let answer = asked
                .await
                .map_err(|Stopped| Fault::new(STOPPED, "stopped while a cut waited for a connector"))?;
            let note = answer.map_err(|error| {
                Fault::new(
                    error.code.clone(),
                    format_args!("connector {name}: {}", error.message),
                )
            })?;
            notes.extend(note.map(|note| (name.to_string(), note)));
        }
        Ok(notes)
    }

    async fn write(
        &mut self,
        marked: Marked,
        lanes: Vec<LaneFreeze>,
        notes: Vec<(String, Vec<u8>)>,
        state: RunState,
    ) -> Result<(), Fault> {
        let flow = &self.flow;
        let counters = &flow.around.counters;
        counters
            .state_keys
            .store(lanes.iter().map(|lane| lane.keys).sum(), Relaxed);
        let moves = marked.rows > 0 || state == RunState::Ended;
        let record = FlowRecord {
            cut: marked.cut,
            at_ms: flow.around.now_ms(),
            state,
            starts_without_progress: flow.starts.cut(moves),
            rows_in: counters.received_rows.get(),
            rows_out: counters.rows_out.get(),
            rows_dead: counters.dead.get(),
            ..self.record.clone()
        };
        let plan = Arc::clone(&flow.plan);
        let mut lanes = tokio::task::spawn_blocking(move || encode(lanes, &plan))
            .await
            .map_err(|_| Fault::bug("encoding the state panicked"))??;
        let (letters, bound) = flow.around.letters.before_cut(&mut lanes, record.at_ms);
        let positions: Vec<_> = marked
            .positions
            .iter()
            .map(|(source, partition, position)| {
                (
                    flow.plan.sources[*source].name.to_string(),
                    partition.clone(),
                    position.clone(),
                )
            })
            .collect();
        let name = flow.plan.name.to_string();
        let mut cut = FlowCut {
            flow: name,
            positions,
            lanes,
            notes,
            states: self.states.clone(),
            record: record.clone(),
            letters: bound,
        };
        let mut patience = Patience::default();
        let hold = counters.holds.of(HeldBy::Store, "");
        loop {
            let (written, result) = flow.writer.commit(cut).await?;
            cut = written;
            match result {
                Ok(stock) => {
                    let book = &flow.around.letters;
                    book.after_cut(letters, stock, &flow.store, counters);
                    break;
                }
                Err(error) if error.class == ErrorClass::Unavailable && !flow.stopping_now() => {
                    flow.paused.send_replace(true);
                    hold.begin(&*error.message, flow.around.now_ms());
                    let wait = patience.next();
                    tracing::warn!(flow = %flow.plan.name, code = %error.code,
                        "the cut cannot be stored: {}; next try in {wait:?}", error.message);
                    tokio::time::sleep(wait).await;
                }
                Err(error) => return Err(Fault::new(error.code.to_string(), error.message)),
            }
        }
        hold.end();
        flow.starts.durable(moves);
        if let Some(suspects) = flow.guards.suspects.get() {
            suspects.progress(flow.around.now_ms());
        }
        self.record = record;
        self.states.clear();
        flow.guests.durable(marked.cut);
        flow.tables.durable(&cut.lanes);
        counters.acked.add(marked.rows);
        self.commit_sources(&marked).await;
        Ok(())
    }

    /// Tells the sources how far everything is settled. A source that cannot be told now is told at the next cut; its
    /// own copy of the position is information for its tools, the store's is the truth.
    async fn commit_sources(&self, marked: &Marked) {
        for (number, source) in self.flow.sources.iter().enumerate() {
            let up_to: Vec<_> = marked
                .positions
                .iter()
                .filter(|(of, ..)| *of == number)
                .map(|(_, p, at)| (p.clone(), at.clone()))
                .collect();
            if up_to.is_empty() {
                continue;
            }
            if let Err(error) = source.commit(&up_to).await {
                tracing::warn!(flow = %self.flow.plan.name, source = %self.flow.plan.sources[number].name,
                    code = %error.code, "the source did not take the position: {}", error.message);
            }
        }
    }
}

/// Turns frozen state into bytes, and checks nothing else: what a lane froze is written as it is.
pub(super) fn encode(lanes: Vec<LaneFreeze>, plan: &FlowPlan) -> Result<Vec<LaneCut>, Fault> {
    let mut cuts = Vec::with_capacity(lanes.len());
    for lane in lanes {
        let mut cut = lane.writes;
        for (at, frozen) in lane.state {
            let step = &plan.steps[at];
            let (version, fingerprint) = step
                .state
                .map_or((0, 0), |state| (state.info.version, state.fingerprint));
            cut.state.reserve(frozen.len());
            let mut each = |key: KeyRef<'_>, bytes: Option<Vec<u8>>, expires_ms: u64| {
                cut.state.push(StateWrite {
                    step: Arc::clone(&step.name),
                    group: key.group(),
                    key: key.canonical().into(),
                    value: bytes.map(|bytes| StateValue {
                        version,
                        fingerprint,
                        expires_ms,
                        bytes,
                    }),
                });
            };
            frozen
                .encode(&mut each)
                .map_err(|text| Fault::at(&step.name, "state", text))?;
        }
        cuts.push(cut);
    }
    Ok(cuts)
}
