//! Dead letters in the store: written with a cut, kept in the order in which they came, bounded in number and age.

use redb::{ReadableTable, ReadableTableMetadata, TableHandle, WriteTransaction};
use serde::Deserialize;

use super::cut::{FlowCut, LetterBound, LetterWrite};
use super::error::StoreError;
use super::handle::{Inner, Store};
use super::key::TableKey;
use super::layout::{LETTER_ORDER, LETTERS, SKIPS, behind, id_key, put_record, take_record, texts};
use super::record::{Letter, LetterId};

/// How many bits of a letter's place count letters of one moment; those above are the milliseconds since 1970.
const WITHIN_MS: u32 = 20;

/// What a flow has of dead letters after a cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterStock {
    /// How many there are.
    pub count: u64,
    /// When the oldest one came, milliseconds since 1970 UTC.
    pub oldest_ms: Option<u64>,
    /// How many the cut removed because there were too many.
    pub dropped: u64,
    /// How many the cut removed because they were too old.
    pub expired: u64,
    /// Those that it removed.
    pub removed: Vec<LetterId>,
}

impl Letter {
    /// The place of the `nth` letter of a cut at this moment among all letters of its flow.
    pub fn place(at_ms: u64, nth: usize) -> u64 {
        (at_ms << WITHIN_MS) + nth as u64
    }
}

impl Store {
    /// How many dead letters a flow has, and how old the oldest is.
    ///
    /// # Errors
    /// The operating system refuses, or the file is broken.
    pub fn letter_stock(&self, flow: &str) -> Result<LetterStock, StoreError> {
        // No commit comes between, so that the number that is kept is the right one.
        let _one_at_a_time = self.inner.committing.lock();
        let mut stock = LetterStock::default();
        self.prefix(LETTER_ORDER.name(), &flow.key(), |_, key, _| {
            stock.oldest_ms.get_or_insert(place_of(key).0 >> WITHIN_MS);
            stock.count += 1;
            Ok(())
        })?;
        self.inner.letters.lock().insert(flow.to_owned(), stock.count);
        Ok(stock)
    }

    /// How many dead letters a flow has, if that was asked or written before.
    pub fn letter_count(&self, flow: &str) -> Option<u64> {
        self.inner.letters.lock().get(flow).copied()
    }

    /// The ids of a flow's dead letters, the oldest first.
    ///
    /// # Errors
    /// The operating system refuses, or the file is broken.
    pub fn letter_ids(&self, flow: &str) -> Result<Vec<LetterId>, StoreError> {
        let mut ids = Vec::new();
        self.prefix(LETTER_ORDER.name(), &flow.key(), |_, key, _| {
            ids.push(place_of(key).1);
            Ok(())
        })?;
        Ok(ids)
    }

    /// The flows that have dead letters.
    ///
    /// # Errors
    /// The operating system refuses, or the file is broken.
    pub fn flows_with_letters(&self) -> Result<Vec<String>, StoreError> {
        let mut flows: Vec<String> = Vec::new();
        self.prefix(LETTER_ORDER.name(), &[], |inner, key, _| {
            let flow = texts(&key[..key.len().saturating_sub(PLACE)], 0).and_then(|mut parts| parts.pop());
            let flow = flow.ok_or_else(|| inner.corrupt("a letter's place has a strange key"))?;
            if flows.last() != Some(&flow) {
                flows.push(flow);
            }
            Ok(())
        })?;
        Ok(flows)
    }

    /// Removes dead letters; those that are gone already do not matter. Says how many there were.
    ///
    /// # Errors
    /// Nothing was removed.
    pub fn remove_letters(&self, flow: &str, ids: &[LetterId]) -> Result<u64, StoreError> {
        self.write(|write, inner| {
            let mut letters = Letters::open(write, inner, flow)?;
            let before = letters.count;
            for id in ids {
                letters.put(*id, None)?;
            }
            letters.counted();
            Ok(before - letters.count)
        })
    }

    /// Lets the row that comes from `origin` be a dead letter of its flow, whatever the policy of its error is.
    ///
    /// # Errors
    /// Nothing was written.
    pub fn skip(&self, flow: &str, origin: &str) -> Result<(), StoreError> {
        self.write(|write, inner| {
            let mut skips = write.open_table(SKIPS).map_err(|error| inner.error(error))?;
            skips
                .insert((flow, origin).key().as_slice(), [].as_slice())
                .map_err(|error| inner.error(error))?;
            Ok(())
        })
    }

    /// The origins of the flow's rows that are let be dead letters, as long as they are none.
    ///
    /// # Errors
    /// The operating system refuses, or the file is broken.
    pub fn skips(&self, flow: &str) -> Result<Vec<String>, StoreError> {
        let mut origins = Vec::new();
        self.prefix(SKIPS.name(), &flow.key(), |inner, key, _| {
            let origin = texts(key, 1).and_then(|mut parts| parts.pop());
            origins.push(origin.ok_or_else(|| inner.corrupt("a row to be skipped has a strange key"))?);
            Ok(())
        })?;
        Ok(origins)
    }
}

/// Writes the letters of a cut and removes those that are too many or too old. Returns what there is then, or nothing if the
/// cut says nothing of letters.
pub(super) fn write_letters(
    write: &WriteTransaction,
    inner: &Inner,
    cut: &FlowCut,
) -> Result<Option<LetterStock>, StoreError> {
    let mut writes: Vec<&LetterWrite> = cut.lanes.iter().flat_map(|lane| &lane.letters).collect();
    if writes.is_empty() && cut.letters == LetterBound::default() {
        return Ok(None);
    }
    // Of the writes to one letter the last one counts.
    writes.sort_by_key(|write| match write {
        LetterWrite::Put(letter) => letter.id,
        LetterWrite::Remove(id) => *id,
    });
    let mut letters = Letters::open(write, inner, &cut.flow)?;
    for write in writes {
        match write {
            LetterWrite::Put(letter) => letters.put(letter.id, Some(letter))?,
            LetterWrite::Remove(id) => letters.put(*id, None)?,
        }
    }
    let mut stock = LetterStock::default();
    let bound = &cut.letters;
    for _ in 0..bound.at_most {
        let Some((place, id)) = letters.oldest()? else {
            break;
        };
        if place >> WITHIN_MS < bound.before_ms {
            stock.expired += 1;
        } else if letters.count > bound.max_rows.unwrap_or(u64::MAX) {
            stock.dropped += 1;
        } else {
            break;
        }
        stock.removed.push(id);
        letters.put(id, None)?;
    }
    letters.counted();
    stock.count = letters.count;
    stock.oldest_ms = letters.oldest()?.map(|(place, _)| place >> WITHIN_MS);
    Ok(Some(stock))
}

type Writable<'a> = redb::Table<'a, &'static [u8], &'static [u8]>;

/// The letters of one flow while they are written.
struct Letters<'a> {
    inner: &'a Inner,
    flow: &'a str,
    letters: Writable<'a>,
    order: Writable<'a>,
    skips: Writable<'a>,
    has_skips: bool,
    count: u64,
}

impl<'a> Letters<'a> {
    fn open(write: &'a WriteTransaction, inner: &'a Inner, flow: &'a str) -> Result<Self, StoreError> {
        let error = |error: redb::TableError| inner.error(error);
        let order = write.open_table(LETTER_ORDER).map_err(error)?;
        let skips = write.open_table(SKIPS).map_err(error)?;
        let known = inner.letters.lock().get(flow).copied();
        let count = match known {
            Some(count) => count,
            None => range(&order, inner, flow)?.count() as u64,
        };
        Ok(Letters {
            inner,
            flow,
            letters: write.open_table(LETTERS).map_err(error)?,
            order,
            has_skips: !skips.is_empty().map_err(|error| inner.error(error))?,
            skips,
            count,
        })
    }

    /// Writes a letter, or removes it.
    fn put(&mut self, id: LetterId, letter: Option<&Letter>) -> Result<(), StoreError> {
        let inner = self.inner;
        let key = id_key(self.flow, id.0);
        let old = match letter {
            Some(letter) => self.letters.insert(key.as_slice(), put_record(letter).as_slice()),
            None => self.letters.remove(key.as_slice()),
        };
        let old = old.map_err(|error| inner.error(error))?;
        let old = old.map(|old| take_record::<Seq>(old.value()));
        let old = old.transpose().map_err(|what| inner.corrupt(what))?;
        if let Some(old) = old {
            let key = order_key(self.flow, old.seq, id);
            self.order
                .remove(key.as_slice())
                .map_err(|error| inner.error(error))?;
            self.count -= 1;
        }
        let Some(letter) = letter else { return Ok(()) };
        let key = order_key(self.flow, letter.seq, id);
        self.order
            .insert(key.as_slice(), [].as_slice())
            .map_err(|error| inner.error(error))?;
        self.count += 1;
        if self.has_skips {
            // The row is out of the way.
            self.skips
                .remove((self.flow, letter.origin.as_str()).key().as_slice())
                .map_err(|error| inner.error(error))?;
        }
        Ok(())
    }

    /// Keeps the number for the next time.
    fn counted(&self) {
        self.inner.letters.lock().insert(self.flow.to_owned(), self.count);
    }

    fn oldest(&self) -> Result<Option<(u64, LetterId)>, StoreError> {
        let first = range(&self.order, self.inner, self.flow)?.next().transpose();
        let first = first.map_err(|error| self.inner.error(error))?;
        Ok(first.map(|(key, _)| place_of(key.value())))
    }
}

fn range<'t>(
    order: &'t Writable<'_>,
    inner: &Inner,
    flow: &str,
) -> Result<redb::Range<'t, &'static [u8], &'static [u8]>, StoreError> {
    let prefix = flow.key();
    match behind(&prefix) {
        Some(end) => order.range(prefix.as_slice()..end.as_slice()),
        None => order.range(prefix.as_slice()..),
    }
    .map_err(|error| inner.error(error))
}

/// The one field of a letter that its place is made of.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Seq {
    seq: u64,
}

/// The bytes behind the flow in the key of a place.
const PLACE: usize = 8 + 16;

fn order_key(flow: &str, seq: u64, id: LetterId) -> Vec<u8> {
    [flow.key().as_slice(), &seq.to_be_bytes(), &id.0.to_be_bytes()].concat()
}

/// The place and the id in a key that [`order_key`] made.
fn place_of(key: &[u8]) -> (u64, LetterId) {
    let place = key.split_last_chunk::<PLACE>().map(|(_, place)| place);
    let (seq, id) = place.map_or((&[0; 8][..], &[0; 16][..]), |place| place.split_at(8));
    let seq = seq.try_into().map_or(0, u64::from_be_bytes);
    let id = id.try_into().map_or(0, u128::from_be_bytes);
    (seq, LetterId(id))
}
