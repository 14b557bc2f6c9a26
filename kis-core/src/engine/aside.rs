//! Sets rows aside that are tried again later, so that only their keys wait and not the lane.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    chain::{Chain, Run},
    entry::{Entry, Wait},
    fault::Fault,
    parcel::{Flight, Parcel},
    shelf::Shelf,
    tries::Tries,
    waits::Waits,
    withheld::{Failed, Passing},
};
use crate::{
    error::{Error, code},
    row::{Batch, Fail, Origin},
};

impl Chain {
    /// Whether single rows of this run can be set aside: it is known which others have to wait for them.
    pub(super) fn sets_rows_aside(&self, at: usize, run: &Run) -> bool {
        let known = match self.waits {
            Waits::Key => run.keys.is_some(),
            Waits::None => true,
            Waits::Lane => false,
        };
        known && self.shelf.is_some() && at < self.flow.own_steps
    }

    /// The same for the batch as a whole.
    pub(super) fn sets_aside(&self, at: usize, run: &Run) -> bool {
        self.sets_rows_aside(at, run) && !run.batch.is_empty() && !matches!(run.batch.origin(), Origin::All)
    }

    /// Holds back the rows of a batch whose keys wait.
    pub(super) fn hold_back(&mut self, at: usize, run: &mut Run) {
        let Some(shelf) = self.shelf.as_mut().filter(|shelf| !shelf.is_empty()) else {
            return;
        };
        let Some(keys) = &run.keys else { return };
        let mut waiting: HashMap<u64, u32> = HashMap::new();
        let mut part = |hash: u64| {
            if !shelf.holds(hash) {
                return 0;
            }
            let next = waiting.len() as u32 + 1;
            *waiting.entry(hash).or_insert(next)
        };
        let part_of: Vec<u32> = (0..run.batch.len()).map(|row| part(keys.hash(row))).collect();
        if waiting.is_empty() {
            return;
        }
        let mut parts = std::mem::take(&mut run.batch)
            .divide(&part_of, waiting.len() + 1)
            .into_iter();
        run.batch = parts.next().unwrap_or_default();
        let entries = parts.map(|batch| self.entry(at, run, batch, Wait::turn()));
        let entries: Vec<Entry> = entries.collect();
        if let Some(shelf) = &mut self.shelf {
            shelf.park_behind(entries, false);
        }
    }

    /// Sets all rows of a run aside, to be tried again together after `wait`.
    pub(super) fn set_batch_aside(
        &mut self,
        at: usize,
        run: &mut Run,
        error: Error,
        tries: Tries,
        wait: Duration,
    ) {
        let batch = std::mem::take(&mut run.batch);
        self.aside += batch.len();
        let wait = Wait {
            tries,
            error: Some(error),
            due: Instant::now() + wait,
        };
        let entry = self.entry(at, run, batch, wait);
        if let Some(shelf) = &mut self.shelf {
            shelf.park(entry);
        }
    }

    /// Sets rows aside that failed alone, and behind them those that were not called since they wait for one of these.
    pub(super) fn set_rows_aside(&mut self, at: usize, run: &mut Run, fails: Vec<Fail>, tries: &Tries) {
        let retry = self.flow.steps[at].on_error.retry;
        let mut behind = Vec::new();
        let mut gone = Vec::new();
        let mut heads = HashSet::new();
        let spent = tries.attempt >= retry.attempts || self.waited_long(tries);
        for mut fail in fails {
            let Some(row) = fail.row.take_if(|_| fail.held || !spent) else {
                gone.push(fail);
                continue;
            };
            let mut batch = Batch::new(row);
            batch.set_origin(Origin::Each(fail.origin.into_iter().collect()));
            self.aside += 1;
            let key = fail
                .origin
                .zip(run.keys.as_ref())
                .map(|(row, keys)| keys.hash(row as usize));
            if key.is_some_and(|key| !heads.insert(key)) {
                behind.push(self.entry(at, run, batch, Wait::turn()));
                continue;
            }
            let wait = match fail.held {
                // The row that it waited for has failed for good.
                true => Wait::turn(),
                false => {
                    let (tries, wait) = tries.later(&retry);
                    Wait {
                        tries,
                        error: Some(fail.error),
                        due: Instant::now() + wait,
                    }
                }
            };
            let entry = self.entry(at, run, batch, wait);
            if let Some(shelf) = &mut self.shelf {
                shelf.park(entry);
            }
        }
        if let Some(shelf) = &mut self.shelf {
            // What stands in these lines already came to an earlier step, or came later.
            shelf.park_behind(behind, true);
        }
        self.withhold(gone.into_iter(), tries.attempt, Failed::Called);
    }

    /// Whether rows have waited for longer than rows may be parked.
    pub(super) fn waited_long(&self, tries: &Tries) -> bool {
        let shelf = self.shelf.as_ref();
        shelf.is_some_and(|shelf| tries.last_longer_than(shelf.all.limit().max_age))
    }

    /// When rows that were set aside are to be tried again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.shelf.as_ref()?.due()
    }

    /// Tries rows again whose time has come, and runs them to the end of the stage.
    ///
    /// # Errors
    /// When the flow has to stop; the rows are as the last cut has them then.
    pub(super) async fn try_again(&mut self) -> Result<Vec<(usize, Parcel)>, Fault> {
        let Some((id, entry)) = self
            .shelf
            .as_mut()
            .and_then(|shelf| shelf.take_due(Instant::now()))
        else {
            return Ok(Vec::new());
        };
        let hashes = entry.hashes();
        self.fallen.clear();
        let Entry {
            at,
            batch,
            keys,
            from,
            wait: Wait { mut tries, .. },
        } = entry;
        if tries.attempt > 0 {
            self.around.counters.step(at).retries.add(1);
        }
        tries.attempt += 1;
        let mut run = Run::new(batch, keys, from);
        run.parked_at = Some(at);
        self.follow(at, &mut run);
        let flight = Flight::new(Arc::clone(&self.around.counters), 0, 0, Vec::new());
        let onward = match run.batch.is_empty() {
            true => Vec::new(),
            false => self.drive(run, at, Some(tries), flight).await?,
        };
        if let Some(shelf) = &mut self.shelf {
            shelf.done(id, &hashes);
        }
        self.relieve().await?;
        Ok(onward)
    }

    /// Lets keys give up while more rows are set aside than may be. The lane that went beyond the quota comes back within
    /// it, so that one lane's trouble does not cost the rows of the others.
    pub(super) async fn relieve(&mut self) -> Result<(), Fault> {
        let mut surplus = self.shelf.as_mut().map_or(0, Shelf::take_added);
        while surplus > 0 {
            let Some(entries) = self.shelf.as_mut().and_then(Shelf::give_up) else {
                return Ok(());
            };
            for entry in entries {
                surplus = surplus.saturating_sub(entry.batch.len());
                self.fallen.clear();
                self.give_up(entry).await?;
            }
        }
        Ok(())
    }

    /// Settles rows that waited in vain.
    async fn give_up(&mut self, entry: Entry) -> Result<(), Fault> {
        let error = entry.wait.error.unwrap_or_else(|| {
            Error::retry("it waited behind a row of its key, and no more rows can be parked")
                .with_code(code::PARKED_FULL)
        });
        let rows = entry.batch.len();
        let fails = (0..rows)
            .map(|i| entry.batch.fail(i, error.clone()))
            .collect::<Vec<_>>();
        self.withhold(fails.into_iter(), entry.wait.tries.attempt, Failed::Spent);
        let passing = Passing {
            from: &entry.from,
            keys: entry.keys.as_ref(),
            batch: &mut Batch::default(),
            given: rows,
        };
        self.settle_withheld(entry.at, passing).await?;
        let counters = self.around.counters.step(entry.at);
        counters.rows_in.add(rows as u64);
        counters.failed.add(std::mem::take(&mut self.failed) as u64);
        Ok(())
    }

    /// Rows of a run as an entry of the shelf; their origins are those of the run.
    fn entry(&mut self, at: usize, run: &Run, mut batch: Batch, wait: Wait) -> Entry {
        let rows: Vec<u32> = (0..batch.len()).filter_map(|i| batch.origin_of(i)).collect();
        batch.set_origin(Origin::Same);
        let keys = run.keys.as_ref().map(|keys| Arc::new(keys.pick(&rows)));
        let now_ms = self.around.now_ms();
        let (fallen, shelf) = (&mut self.fallen, &self.shelf);
        // Rows that have not passed a step since they were parked are the rows that they were.
        let same = run.parked_at == Some(at);
        let from = run.from.detach(
            &rows,
            now_ms,
            |row| fallen.count(at, Some(row)),
            |before| {
                before
                    .filter(|_| same)
                    .unwrap_or_else(|| shelf.as_ref().map_or(0, |shelf| shelf.all.next()))
            },
        );
        Entry {
            at,
            batch,
            keys,
            from,
            wait,
        }
    }
}
