//! The steps of one stage in one lane: a batch runs through them to the end, without a queue in between.

use std::{collections::HashMap, ops::Range, sync::Arc, time::Instant};

use kis_conn::{
    LaneLog,
    store::{LaneCut, LetterWrite},
};

use super::{
    around::Surroundings,
    call::StepRun,
    cursor::{self, Next},
    failure::Fallen,
    fault::Fault,
    follow::Follow,
    guards::Guards,
    lane::LaneFreeze,
    parcel::{Flight, From, Parcel},
    shelf::Shelf,
    tries::Tries,
    waits::Waits,
    withheld::{Passing, Withheld},
};
use crate::{
    flow::FlowPlan,
    function::JumpTo,
    observe::DropReason,
    row::{Batch, Origin, key::Keys},
};

/// The steps of one stage in one lane, with their state and what they have changed since the last marker.
pub(super) struct Chain {
    pub(super) flow: Arc<FlowPlan>,
    pub(super) around: Surroundings,
    /// The number in the flow of the first of `steps`.
    pub(super) first: usize,
    pub(super) steps: Vec<StepRun>,
    /// The number of the step behind the last one of the sequence this chain belongs to: the flow's steps, or those
    /// of `at_end`.
    pub(super) total: usize,
    pub(super) logs: Vec<Arc<dyn LaneLog>>,
    pub(super) letters: Vec<LetterWrite>,
    pub(super) guards: Arc<Guards>,
    /// Rows that failed for good in the step at work and are not settled yet.
    pub(super) withheld: Vec<Withheld>,
    /// How many rows failed for good in the step at work, whatever their policy.
    pub(super) failed: usize,
    /// How many rows of the step at work were set aside.
    pub(super) aside: usize,
    /// The rows that were set aside to be tried again; nothing where the lane itself waits.
    pub(super) shelf: Option<Shelf>,
    /// The keys that have dead letters, where later rows follow them.
    pub(super) follow: Option<Follow>,
    /// Which rows wait for one that is tried again.
    pub(super) waits: Waits,
    /// The rows that failed for good since the batch at work entered.
    pub(super) fallen: Fallen,
    /// By which key and into how many lanes the next stage takes the rows; nothing for the last stage.
    pub(super) onward: Option<Onward>,
    /// Takes the rows behind the last step, where a program asks for them.
    pub(super) collected: Option<Vec<Batch>>,
}

/// How rows go from the head or from a stage into the lanes of the next one.
#[derive(Clone, Debug)]
pub(super) struct Onward {
    pub(super) route: Route,
    pub(super) lanes: usize,
    /// Whether a key may occur only once in a batch.
    pub(super) unique: bool,
}

/// Which lane takes a row.
#[derive(Clone, Debug)]
pub(super) enum Route {
    /// The lane of the value of this field, which is the row's key from here on.
    Key(Arc<str>),
    /// This lane, for all rows of the batch.
    Lane(usize),
}

/// A batch on its way through a chain.
pub(super) struct Run {
    pub(super) batch: Batch,
    pub(super) keys: Option<Arc<Keys>>,
    pub(super) from: From,
    /// What came to declared jump targets last, by the step's number.
    /// The step at which its rows were parked, if they come from the shelf.
    pub(super) parked_at: Option<usize>,
    inputs: HashMap<usize, Batch>,
    jumps: u32,
    /// When the last step ended: one look at the clock serves a step's end and the next one's start.
    pub(super) clock: Instant,
}

impl Run {
    /// Rows as they enter a stage.
    pub(super) fn new(batch: Batch, keys: Option<Arc<Keys>>, from: From) -> Run {
        Run {
            batch,
            keys,
            from,
            parked_at: None,
            inputs: HashMap::new(),
            jumps: 0,
            clock: Instant::now(),
        }
    }

    /// The batch as it stands behind a call that was given so many rows.
    pub(super) fn passing(&mut self, given: usize) -> Passing<'_> {
        Passing {
            from: &self.from,
            keys: self.keys.as_ref(),
            batch: &mut self.batch,
            given,
        }
    }
}

impl Chain {
    /// Runs a parcel to the end of the stage. Returns what goes on to the next stage.
    ///
    /// # Errors
    /// When the flow has to stop; the parcel is not settled then.
    pub(super) async fn work(&mut self, parcel: Parcel) -> Result<Vec<(usize, Parcel)>, Fault> {
        let rows = parcel.batch.len();
        let mut run = Run::new(parcel.batch, parcel.keys, parcel.from);
        self.fallen.clear();
        if rows > 0 && !self.takes_turn(&run) {
            // It stays the letter that it is.
            self.around.counters.failed_again.add(1);
            return Ok(Vec::new());
        }
        let only_letters = rows == 0 && !parcel.letters.is_empty();
        self.letters.extend(parcel.letters);
        if only_letters {
            // Dead letters of a block that has no other rows: no step is called for them.
            return Ok(Vec::new());
        }
        if rows > 0 {
            self.follow(parcel.step, &mut run);
            self.hold_back(parcel.step, &mut run);
            if run.batch.is_empty() {
                self.relieve().await?;
                return Ok(Vec::new());
            }
        }
        let onward = self.drive(run, parcel.step, None, parcel.flight).await?;
        self.relieve().await?;
        Ok(onward)
    }

    /// Runs rows from step `at` on to the end of the stage; `tries` are those of rows that were set aside at this step.
    pub(super) async fn drive(
        &mut self,
        mut run: Run,
        mut at: usize,
        mut tries: Option<Tries>,
        flight: Arc<Flight>,
    ) -> Result<Vec<(usize, Parcel)>, Fault> {
        if self.steps.is_empty() {
            return Ok(self.leave(run, at, flight));
        }
        // The head or the stage before may have jumped over the first steps.
        self.keep_inputs(self.first..at, &mut run);
        let end = self.first + self.steps.len();
        let now_ms = self.around.now_ms();
        self.guards.budgets.tick(now_ms);
        if self.guards.is_slow() {
            let origin: Arc<str> = run.from.show(None).into();
            let tell = |step: &mut StepRun| step.origin = Arc::clone(&origin);
            self.steps.iter_mut().for_each(tell);
        }
        for state in self.steps.iter_mut().filter_map(|step| step.state.as_mut()) {
            state.set_now(now_ms);
        }
        let mut jumped_back = false;
        loop {
            if self.flow.steps[at].jump_target && !jumped_back {
                run.inputs.insert(at, run.batch.copy());
            }
            let came = self.step(at, &mut run, tries.take()).await?;
            match cursor::next(at, self.total, came) {
                Next::Step { at: target, back } => {
                    if back || target > at + 1 {
                        self.jump(at, target, back, &mut run)?;
                    }
                    if target >= end {
                        return Ok(self.leave(run, target, flight));
                    }
                    (at, jumped_back) = (target, back);
                }
                Next::Done => {
                    self.collected
                        .iter_mut()
                        .for_each(|rows| rows.push(std::mem::take(&mut run.batch)));
                    return Ok(Vec::new());
                }
                Next::Aborted => {
                    self.around
                        .counters
                        .step(at)
                        .drop_rows(DropReason::Aborted, run.batch.len() as u64);
                    return Ok(Vec::new());
                }
                Next::Empty => return Ok(Vec::new()),
            }
        }
    }

    /// Takes what changed since the last marker.
    pub(super) fn freeze(&mut self, cut: u64) -> LaneFreeze {
        let mut writes = LaneCut {
            letters: std::mem::take(&mut self.letters),
            ..LaneCut::default()
        };
        for log in &self.logs {
            log.freeze(&mut writes);
        }
        let now_ms = self.around.now_ms();
        let parked = self.shelf.as_mut().map_or(0, |shelf| {
            shelf.freeze(&self.flow, now_ms, &mut writes.parked);
            shelf.rows()
        });
        let mut state = Vec::new();
        let mut keys = 0;
        for (i, step) in self.steps.iter_mut().enumerate() {
            if let Some(map) = &mut step.state {
                map.expire();
                keys += map.len() as u64;
                state.push((self.first + i, map.freeze()));
            }
        }
        LaneFreeze {
            cut,
            state,
            writes,
            keys,
            parked,
        }
    }

    pub(super) fn target(&self, at: usize, to: &JumpTo) -> Result<usize, Fault> {
        self.flow.steps[at].jump(to).ok_or_else(|| {
            Fault::at(
                &self.flow.steps[at].name,
                "undeclared_jump",
                format_args!("jumps to {to}, which its attribute does not declare; write jumps({to}) there"),
            )
        })
    }

    fn jump(&self, at: usize, target: usize, back: bool, run: &mut Run) -> Result<(), Fault> {
        run.jumps += 1;
        if run.jumps > self.flow.max_jumps {
            return Err(Fault::at(
                &self.flow.steps[at].name,
                "max_jumps",
                format_args!(
                    "a run jumped more often than max_jumps: {} allows; raise max_jumps of the flow or end the loop",
                    self.flow.max_jumps
                ),
            ));
        }
        if !back {
            self.keep_inputs(at + 1..target, run);
        } else if let Some(input) = run.inputs.get(&target) {
            run.batch = input.copy();
            self.fallen.leave(&mut run.batch);
        }
        Ok(())
    }

    /// Keeps the rows for jump targets that are jumped over and that nothing came to yet: a later jump back gives them
    /// these.
    fn keep_inputs(&self, over: Range<usize>, run: &mut Run) {
        for at in over.filter(|at| self.flow.steps[*at].jump_target) {
            run.inputs.entry(at).or_insert_with(|| run.batch.copy());
        }
    }

    /// Deals the rows out to the lanes of the next stage.
    fn leave(&mut self, mut run: Run, step: usize, flight: Arc<Flight>) -> Vec<(usize, Parcel)> {
        let Some(onward) = &self.onward else {
            return Vec::new();
        };
        let from = match run.batch.set_origin(Origin::Same) {
            Origin::Same => run.from,
            Origin::Each(rows) if rows.is_empty() => run.from.whole(),
            Origin::Each(rows) => run.from.select(rows),
            Origin::All => run.from.whole(),
        };
        let whole = Parcel {
            batch: run.batch,
            keys: None,
            from,
            step,
            letters: Vec::new(),
            flight,
        };
        match &onward.route {
            Route::Lane(lane) => vec![(*lane, whole)],
            Route::Key(field) => {
                let keys = whole.batch.keys(field);
                whole.deal(keys, onward.lanes, onward.unique)
            }
        }
    }
}
