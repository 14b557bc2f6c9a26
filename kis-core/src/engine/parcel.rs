//! A batch on its way through the lanes, with what is needed when one of its rows fails.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use kis_conn::{
    Layout, RawRows,
    store::{LetterId, LetterWrite, StoredRow},
};
use tokio::sync::OwnedSemaphorePermit;

use super::stored;
use crate::{
    observe::FlowCounters,
    row::{Batch, key::Keys},
};

/// A batch that enters a stage at one of its steps.
///
/// The rows' origins ([`Batch::origin_of`]) count from the rows as they entered the stage; `keys` and `from` speak
/// of those.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) batch: Batch,
    /// The key of each row, where the flow keeps order or state by one.
    pub(crate) keys: Option<Arc<Keys>>,
    pub(crate) from: From,
    /// The step of the flow at which the batch enters.
    pub(crate) step: usize,
    /// What failed before the lane, to be written in the same cut as the rows that came with it.
    pub(crate) letters: Vec<LetterWrite>,
    pub(crate) flight: Arc<Flight>,
}

impl Parcel {
    /// A parcel without rows, for dead letters whose block has no other rows.
    pub(crate) fn only_letters(letters: Vec<LetterWrite>, flight: Arc<Flight>) -> Parcel {
        Parcel {
            batch: Batch::default(),
            keys: None,
            from: From::default(),
            step: 0,
            letters,
            flight,
        }
    }
}

/// Where the rows of a parcel come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct From {
    /// The rows as the source delivered them, kept until the batch is settled.
    pub(crate) raw: Option<Arc<RawRows>>,
    /// For each row of the parcel its row in `raw`; `None` when they are the same.
    pub(crate) index: Option<Arc<Vec<u32>>>,
    /// What to say when there are no raw rows, such as `push`.
    pub(crate) name: Option<Arc<str>>,
    /// For each row of the parcel which of the rows made of one row it is, as `.2`; nothing where every row was made of
    /// a row of its own.
    pub(crate) siblings: Option<Arc<Vec<Box<str>>>>,
    /// Rows that were outside of the flow for a while: what each brings back, by its row in `raw`.
    pub(crate) back: Option<Arc<Vec<Back>>>,
}

/// What a row brings back that was a parked row or a dead letter.
#[derive(Clone, Debug)]
pub(crate) struct Back {
    /// Where it came from when it first entered.
    pub(crate) origin: Box<str>,
    /// When it left the flow first, in milliseconds since 1970.
    pub(crate) since_ms: u64,
    /// How often it was sent in again as a dead letter, this time included.
    pub(crate) replays: u32,
    /// Its number among the rows of its flow that were ever parked.
    pub(crate) seq: Option<u64>,
    /// The dead letter that it was.
    pub(crate) was: Option<Was>,
}

/// The dead letter that a row was.
#[derive(Clone, Debug)]
pub(crate) struct Was {
    pub(crate) id: LetterId,
    /// The number of the step at which it failed.
    pub(crate) at: usize,
    /// Its place among the letters of its flow.
    pub(crate) place: u64,
}

impl From {
    /// Where the row that entered as `row` comes from, as a text for people: `flights.csv.gz:1234`.
    pub(crate) fn show(&self, row: Option<u32>) -> String {
        let Some(row) = row else { return self.show_all() };
        let from = self.raw_row(row);
        let origin = match (&self.back, &self.raw) {
            (Some(back), _) => back[from].origin.to_string(),
            (None, Some(raw)) => raw.origin(from),
            (None, None) => format!("{}:{}", self.name(), from + 1),
        };
        match &self.siblings {
            Some(siblings) => origin + &siblings[row as usize],
            None => origin,
        }
    }

    /// The row as the source delivered it.
    pub(crate) fn delivered(&self, row: u32) -> Option<StoredRow> {
        let raw = self.raw.as_ref()?;
        Some(stored::delivered(raw.layout(), raw.bytes(self.raw_row(row))))
    }

    /// What the row brings back that entered as `row`, if it was outside of the flow.
    pub(crate) fn back(&self, row: u32) -> Option<&Back> {
        Some(&self.back.as_ref()?[self.raw_row(row)])
    }

    /// The same for a part of the rows: `rows` are the rows kept, by their number here.
    pub(crate) fn select(&self, mut rows: Vec<u32>) -> From {
        let siblings = self.siblings_of(&rows).map(Arc::new);
        if let Some(index) = &self.index {
            rows.iter_mut().for_each(|row| *row = index[*row as usize]);
        }
        From {
            index: Some(Arc::new(rows)),
            siblings,
            ..self.clone()
        }
    }

    /// The same for some rows, each by its number here, without the block that they came in. `nth` and `seq` say of each
    /// which of the rows of its origin it is, and its number among the parked rows of its flow, given the one it had.
    pub(crate) fn detach(
        &self,
        rows: &[u32],
        now_ms: u64,
        mut nth: impl FnMut(u32) -> u32,
        mut seq: impl FnMut(Option<u64>) -> u64,
    ) -> From {
        let back = rows.iter().map(|&row| {
            let before = self.back(row);
            Back {
                origin: numbered(self.show(Some(row)), nth(row)).into(),
                since_ms: before.map_or(now_ms, |back| back.since_ms),
                replays: before.map_or(0, |back| back.replays),
                seq: Some(seq(before.and_then(|back| back.seq))),
                was: before.and_then(|back| back.was.clone()),
            }
        });
        let back = Arc::new(back.collect());
        let raw = self.raw.as_ref().map(|raw| {
            let rows = rows.iter().map(|&row| raw.bytes(self.raw_row(row)));
            Arc::new(RawRows::from_rows("parked", 1, Layout::clone(raw.layout()), rows))
        });
        From {
            raw,
            back: Some(back),
            ..From::default()
        }
    }

    /// The same for rows that stand for the whole batch.
    pub(crate) fn whole(&self) -> From {
        let name = Arc::from(format!("a batch from {}", self.show(None)));
        From {
            raw: None,
            index: None,
            name: Some(name),
            siblings: None,
            back: None,
        }
    }

    /// Where all rows together come from: the first one, and how many there are.
    fn show_all(&self) -> String {
        let index = self.index.as_ref().map(|index| index.len());
        let rows = index.or_else(|| self.raw.as_ref().map(|raw| raw.len()));
        let rows = rows.or_else(|| self.back.as_ref().map(|back| back.len()));
        match (rows, &self.raw) {
            (Some(1), _) => self.show(Some(0)),
            (Some(rows @ 2..), _) => format!("{} and {} rows behind it", self.show(Some(0)), rows - 1),
            (_, Some(raw)) => raw.origin(0),
            (_, None) => self.name().to_owned(),
        }
    }

    /// The numbers of `rows` among those made of one row, where any row stands there twice; equal ones are neighbours.
    fn siblings_of(&self, rows: &[u32]) -> Option<Vec<Box<str>>> {
        let before = |row: u32| {
            self.siblings
                .as_ref()
                .map_or("", |siblings| &siblings[row as usize])
        };
        if !rows.is_sorted_by(|a, b| a < b) {
            let groups = rows.chunk_by(|a, b| a == b);
            let numbered = groups.flat_map(|group| {
                (1..=group.len()).map(move |nth| match group.len() {
                    1 => before(group[0]).into(),
                    _ => format!("{}.{nth}", before(group[0])).into(),
                })
            });
            return Some(numbered.collect());
        }
        self.siblings.as_ref()?;
        Some(rows.iter().map(|row| before(*row).into()).collect())
    }

    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("rows given by the program")
    }

    fn raw_row(&self, row: u32) -> usize {
        self.index.as_ref().map_or(row, |index| index[row as usize]) as usize
    }
}

/// Where a row comes from, if it is the `nth` of its origin: rows of one origin are letters of their own.
pub(super) fn numbered(origin: String, nth: u32) -> String {
    if nth > 1 {
        format!("{origin} ({nth})")
    } else {
        origin
    }
}

/// What a fetched batch holds of the intake budget until the last row derived from it is settled.
#[derive(Debug)]
pub(crate) struct Flight {
    counters: Arc<FlowCounters>,
    rows: u64,
    bytes: u64,
    arrived: Instant,
    /// The newest event time among its rows, and the number of their source.
    event_time: OnceLock<(usize, u64)>,
    _permits: Vec<OwnedSemaphorePermit>,
}

impl Flight {
    /// Counts the batch as in flight until this value is dropped.
    pub(crate) fn new(
        counters: Arc<FlowCounters>,
        rows: u64,
        bytes: u64,
        permits: Vec<OwnedSemaphorePermit>,
    ) -> Arc<Flight> {
        counters.inflight_rows.fetch_add(rows, Relaxed);
        counters.inflight_bytes.fetch_add(bytes, Relaxed);
        Arc::new(Flight {
            counters,
            rows,
            bytes,
            arrived: Instant::now(),
            event_time: OnceLock::new(),
            _permits: permits,
        })
    }

    /// Keeps the newest event time among the batch's rows until they are settled.
    pub(crate) fn saw(&self, source: usize, event_time_ms: u64) {
        // A batch is looked at once.
        let _ = self.event_time.set((source, event_time_ms));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let sub = |n: &AtomicU64, by: u64| {
            n.fetch_sub(by, Relaxed);
        };
        sub(&self.counters.inflight_rows, self.rows);
        sub(&self.counters.inflight_bytes, self.bytes);
        if self.rows > 0 {
            self.counters.batches.add(self.arrived.elapsed());
        }
        if let Some((source, ms)) = self.event_time.get()
            && let Some(source) = self.counters.sources.get(*source)
        {
            source.event_time_ms.fetch_max(*ms, Relaxed);
        }
    }
}

impl Parcel {
    /// Deals the rows out to the lanes of their keys, one key for each row.
    pub(crate) fn deal(self, keys: Keys, lanes: usize, unique: bool) -> Vec<(usize, Parcel)> {
        // A batch without rows is one that a function forced on; any lane will do for it.
        if lanes == 1 && !unique || keys.is_empty() {
            return vec![(
                0,
                Parcel {
                    keys: Some(Arc::new(keys)),
                    ..self
                },
            )];
        }
        let parts = split(&keys, lanes, unique);
        if let [(lane, _)] = &*parts {
            return vec![(
                *lane,
                Parcel {
                    keys: Some(Arc::new(keys)),
                    ..self
                },
            )];
        }
        let mut part_of = vec![0u32; keys.len()];
        for (number, (_, rows)) in parts.iter().enumerate() {
            rows.iter().for_each(|row| part_of[*row as usize] = number as u32);
        }
        let batches = self.batch.split(&part_of, parts.len());
        parts
            .into_iter()
            .zip(batches)
            .map(|((lane, rows), batch)| {
                let own = keys.pick(&rows);
                let from = self.from.select(rows);
                let flight = Arc::clone(&self.flight);
                (
                    lane,
                    Parcel {
                        batch,
                        keys: Some(Arc::new(own)),
                        from,
                        step: self.step,
                        letters: Vec::new(),
                        flight,
                    },
                )
            })
            .collect()
    }
}

/// Rows of a batch by lane, and in rounds where a key may occur only once in a batch.
///
/// Returns for each part its lane and its rows, in order; the parts of one lane stand in the order in which the
/// lane must work on them.
pub(crate) fn split(keys: &Keys, lanes: usize, unique: bool) -> Vec<(usize, Vec<u32>)> {
    use crate::row::key::lane_of;
    let mut parts: Vec<(usize, Vec<u32>)> = Vec::new();
    let mut rounds: Vec<Vec<Vec<u32>>> = vec![Vec::new(); lanes];
    let mut seen = hashbrown::HashMap::<u64, usize, foldhash::fast::FixedState>::default();
    for row in 0..keys.len() {
        let hash = keys.hash(row);
        let lane = lane_of(hash, lanes);
        let round = if unique {
            // Two keys of one hash share a round count: the batch is split once too often, which is harmless.
            let next = seen.entry(hash).or_insert(0);
            *next += 1;
            *next - 1
        } else {
            0
        };
        let rounds = &mut rounds[lane];
        if rounds.len() <= round {
            rounds.resize_with(round + 1, Vec::new);
        }
        rounds[round].push(row as u32);
    }
    for (lane, rounds) in rounds.into_iter().enumerate() {
        parts.extend(rounds.into_iter().map(|rows| (lane, rows)));
    }
    parts
}

#[cfg(test)]
mod tests {
    use kis_conn::Layout;
    use proptest::prelude::*;

    use super::*;

    /// A parcel of raw rows and their keys.
    fn parcel(values: &[i64]) -> (Parcel, Keys) {
        let mut keys = Keys::default();
        values.iter().for_each(|value| keys.push_int(*value));
        let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
        let raw = RawRows::from_rows("a", 1, Layout::Json, &texts);
        let counters = FlowCounters::with_sources("f", 0, std::iter::empty());
        let flight = Flight::new(counters, 0, 0, Vec::new());
        let parcel = Parcel {
            batch: Batch::new_raw(raw),
            ..Parcel::only_letters(Vec::new(), flight)
        };
        (parcel, keys)
    }

    #[test]
    fn more_parts_than_a_small_number_counts() {
        let (parcel, keys) = parcel(&[7; 65_538]);
        let parts = parcel.deal(keys, 1, true);
        assert_eq!(parts.len(), 65_538);
        assert!(parts.iter().all(|(_, parcel)| parcel.batch.len() == 1));
    }

    #[test]
    fn a_batch_without_rows_goes_on_to_one_lane() {
        for (lanes, unique) in [(1, false), (1, true), (3, false), (3, true)] {
            let (parcel, keys) = parcel(&[]);
            let parts = parcel.deal(keys, lanes, unique);
            assert!(matches!(&parts[..], [(0, parcel)] if parcel.batch.is_empty()));
        }
    }

    proptest! {
        /// Every row is in exactly one part, rows of one key stay in their order, and with `unique` no part holds a
        /// key twice.
        #[test]
        fn splitting_keeps_rows_and_their_order(
            values in prop::collection::vec(0..20i64, 0..200), lanes in 1..9usize, unique: bool,
        ) {
            let mut keys = Keys::default();
            values.iter().for_each(|v| keys.push_int(*v));
            let parts = split(&keys, lanes, unique);
            let mut seen = vec![0; values.len()];
            let mut last = std::collections::HashMap::new();
            for (lane, rows) in &parts {
                let mut here = std::collections::HashSet::new();
                for &row in rows {
                    let key = values[row as usize];
                    seen[row as usize] += 1;
                    prop_assert_eq!(*lane, crate::row::key::lane_of(keys.hash(row as usize), lanes));
                    if let Some(before) = last.insert(key, row) {
                        prop_assert!(before < row);
                    }
                    prop_assert!(here.insert(key) || !unique);
                }
            }
            prop_assert!(seen.iter().all(|n| *n == 1));
        }
    }
}
