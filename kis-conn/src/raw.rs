//! Undecoded rows: spans into one block of bytes, without a copy or an allocation per row.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

/// How the bytes of a row are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One JSON value.
    Json,
    /// Bytes without a known form.
    Raw,
    /// One CSV record as it stands in the file, without its line end. The header is not a row.
    Csv(CsvLayout),
}

/// The dialect and columns of CSV records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvLayout {
    /// The names of the columns, in the order of the fields.
    pub columns: Vec<String>,
    /// Between fields, usually `,`.
    pub delimiter: u8,
    /// Around fields that hold delimiters, quotes or line ends; doubled inside. Usually `"`.
    pub quote: u8,
    /// Unquoted fields with one of these texts have no value.
    pub na: Vec<String>,
}

/// Where rows come from, for messages and for the identity of dead letters.
#[derive(Clone, Debug)]
pub enum RowsFrom {
    /// Lines of a text. `line` is the line number (from 1) of the byte at `start` of the block.
    Lines {
        /// The file's name.
        name: Arc<str>,
        /// The line, from 1, that the byte at `start` belongs to.
        line: u64,
        /// An offset into the block.
        start: u32,
    },
    /// Rows with running numbers: row `i` of the block has the number `first + i`.
    Numbered {
        /// The source's name.
        name: Arc<str>,
        /// The number of the block's first row.
        first: u64,
    },
}

/// A batch of undecoded rows. Cheap to clone.
///
/// ```
/// use kis_conn::{Layout, RawRows};
/// let mut rows = RawRows::from_rows("scores", 1, Layout::Json, ["{\"a\":1}", "{\"a\":2}"]);
/// rows.retain(&[false, true]);
/// assert_eq!(rows.bytes(0), b"{\"a\":2}");
/// assert_eq!(rows.origin(0), "scores:2");
/// ```
#[derive(Clone)]
pub struct RawRows {
    block: Bytes,
    spans: Arc<Vec<(u32, u32)>>,
    layout: Arc<Layout>,
    from: RowsFrom,
    /// Rows left of numbered ones, by their index in the block as it was read. `None` = all, in order.
    picked: Option<Vec<u32>>,
}

impl RawRows {
    /// Rows that lie at `spans` (start, end) of `block`. A span that does not lie inside of it panics when its row is
    /// looked at.
    pub fn new(block: Bytes, spans: Vec<(u32, u32)>, layout: Arc<Layout>, from: RowsFrom) -> Self {
        debug_assert!(
            spans
                .iter()
                .all(|&(start, end)| start <= end && end as usize <= block.len()),
            "a span lies outside of its block"
        );
        RawRows {
            block,
            spans: Arc::new(spans),
            layout,
            from,
            picked: None,
        }
    }

    /// Rows given one by one, copied into a block of their own; numbered from `first`.
    ///
    /// # Panics
    /// If the rows together are larger than 4 GiB.
    pub fn from_rows<B: AsRef<[u8]>>(
        name: &str,
        first: u64,
        layout: Layout,
        rows: impl IntoIterator<Item = B>,
    ) -> Self {
        let mut block = Vec::new();
        let mut spans = Vec::new();
        for row in rows {
            let start = block.len();
            block.extend_from_slice(row.as_ref());
            let end = u32::try_from(block.len()).expect("a block is smaller than 4 GiB");
            spans.push((start as u32, end));
        }
        let from = RowsFrom::Numbered {
            name: Arc::from(name),
            first,
        };
        RawRows {
            block: Bytes::from(block),
            spans: Arc::new(spans),
            layout: Arc::new(layout),
            from,
            picked: None,
        }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The bytes of row `i`.
    ///
    /// # Panics
    /// If there is no row `i`.
    #[inline]
    pub fn bytes(&self, i: usize) -> &[u8] {
        let (start, end) = self.spans[i];
        &self.block[start as usize..end as usize]
    }

    /// The bytes of all rows, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + '_ {
        let block = &self.block[..];
        self.spans
            .iter()
            .map(move |&(start, end)| &block[start as usize..end as usize])
    }

    /// How the rows are laid out.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The bytes of the rows together, without line ends.
    pub fn size(&self) -> u64 {
        self.spans
            .iter()
            .map(|&(start, end)| u64::from(end - start))
            .sum()
    }

    /// Where row `i` comes from, for people: `flights.csv.gz:1234` is the line on which it begins.
    ///
    /// # Panics
    /// If there is no row `i`.
    pub fn origin(&self, i: usize) -> String {
        match &self.from {
            RowsFrom::Lines { name, line, start } => {
                let before = &self.block[*start as usize..self.spans[i].0 as usize];
                let line = line + memchr::memchr_iter(b'\n', before).count() as u64;
                format!("{name}:{line}")
            }
            RowsFrom::Numbered { name, first } => {
                let index = self
                    .picked
                    .as_ref()
                    .map_or(i as u64, |picked| u64::from(picked[i]));
                format!("{name}:{}", first + index)
            }
        }
    }

    /// Keeps the rows whose mark is true.
    ///
    /// # Panics
    /// If there are not as many marks as rows.
    pub fn retain(&mut self, keep: &[bool]) {
        assert_eq!(keep.len(), self.len(), "one mark for each row");
        if matches!(self.from, RowsFrom::Numbered { .. }) {
            let picked = self
                .picked
                .get_or_insert_with(|| (0..keep.len() as u32).collect());
            let mut marks = keep.iter();
            picked.retain(|_| *marks.next().expect("one mark for each row"));
        }
        let mut marks = keep.iter();
        Arc::make_mut(&mut self.spans).retain(|_| *marks.next().expect("one mark for each row"));
    }

    /// The rows at these indices, in this order, sharing the block.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn pick(&self, rows: impl IntoIterator<Item = usize>) -> RawRows {
        let rows: Vec<usize> = rows.into_iter().collect();
        let spans = rows.iter().map(|&i| self.spans[i]).collect();
        let picked = matches!(self.from, RowsFrom::Numbered { .. }).then(|| {
            rows.iter()
                .map(|&i| self.picked.as_ref().map_or(i as u32, |picked| picked[i]))
                .collect()
        });
        RawRows {
            block: self.block.clone(),
            spans: Arc::new(spans),
            layout: Arc::clone(&self.layout),
            from: self.from.clone(),
            picked,
        }
    }
}

impl fmt::Debug for RawRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self.iter().take(3).map(String::from_utf8_lossy).collect();
        f.debug_struct("RawRows")
            .field("len", &self.len())
            .field("first", &rows)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
