//! Rows on their way into an embedded table: many in one buffer.

use std::ops::Range;

use bytes::Bytes;

use super::generation::Write;
use super::key::TableKey;

/// Rows to put into an embedded table or to remove from it, in their order.
///
/// ```
/// use kis_conn::store::TableRows;
/// let mut rows = TableRows::default();
/// rows.put(&7, |row| {
///     row.extend_from_slice(b"seven");
///     Ok::<_, ()>(())
/// })?;
/// rows.remove(&8);
/// assert_eq!(rows.len(), 2);
/// # Ok::<(), ()>(())
/// ```
#[derive(Debug, Default)]
pub struct TableRows {
    data: Vec<u8>,
    rows: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    /// Where its key begins and its value ends.
    at: Range<usize>,
    key_len: u32,
    removed: bool,
}

impl TableRows {
    /// Puts a row under a key; `encode` appends its bytes.
    ///
    /// # Errors
    /// What `encode` says. These rows are as they were before.
    pub fn put<K: TableKey + ?Sized, E>(
        &mut self,
        key: &K,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.data.len();
        key.encode(&mut self.data);
        let key_len = self.data.len() - start;
        if let Err(error) = encode(&mut self.data) {
            self.data.truncate(start);
            return Err(error);
        }
        self.end(start, key_len, false);
        Ok(())
    }

    /// Removes what is under a key.
    pub fn remove<K: TableKey + ?Sized>(&mut self, key: &K) {
        let start = self.data.len();
        key.encode(&mut self.data);
        self.end(start, self.data.len() - start, true);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How much memory they take until they are durable, roughly.
    pub(super) fn bytes(&self) -> u64 {
        // A row, its place in the index, and what a call keeps to undo it.
        const BESIDE: usize = 128;
        (self.data.len() + BESIDE * self.rows.len()) as u64
    }

    /// The writes, numbered from `first` on.
    pub(super) fn writes(self, first: u64) -> impl Iterator<Item = Write> {
        let data = Bytes::from(self.data);
        self.rows
            .into_iter()
            .zip(first..)
            .map(move |(span, seq)| Write::new(data.slice(span.at), span.key_len, span.removed, seq))
    }

    fn end(&mut self, start: usize, key_len: usize, removed: bool) {
        self.rows.push(Span {
            at: start..self.data.len(),
            // The database takes no larger ones either.
            key_len: u32::try_from(key_len).expect("a key is smaller than 4 GiB"),
            removed,
        });
    }
}
