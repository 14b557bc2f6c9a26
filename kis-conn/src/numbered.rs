//! Sources whose rows are numbered and can be made again by their number: given rows and generated ones.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;

use crate::{
    BatchLimit, Block, BoxFuture, ConnError, Layout, Next, Position, PositionText, RawRows, Reader, RowsFrom,
};

/// Rows by their number, from 0.
pub(crate) trait Numbered: Send + 'static {
    /// Waits until there are rows from `next` on, and says how many may go into one batch; 0 = there never will be.
    fn ready(&mut self, next: u64, limit: BatchLimit) -> impl Future<Output = u64> + Send;

    /// Appends the bytes of a row.
    fn row(&self, number: u64, to: &mut Vec<u8>);
}

pub(crate) struct NumberedReader<N> {
    name: Arc<str>,
    layout: Arc<Layout>,
    next: u64,
    rows: N,
}

impl<N: Numbered> NumberedReader<N> {
    /// Reads from row number `next` on; the first row's origin is `name:1`.
    pub(crate) fn new(name: &Arc<str>, layout: Arc<Layout>, next: u64, rows: N) -> Self {
        NumberedReader {
            name: Arc::clone(name),
            layout,
            next,
            rows,
        }
    }
}

impl<N: Numbered> Reader for NumberedReader<N> {
    fn next(&mut self, limit: BatchLimit) -> BoxFuture<'_, Result<Next, ConnError>> {
        Box::pin(async move {
            let count = self.rows.ready(self.next, limit).await;
            if count == 0 {
                return Ok(Next::Ended);
            }
            let count = if limit.unit_is_message { 1 } else { count };
            let first = self.next;
            let most = usize::try_from(limit.bytes).unwrap_or(usize::MAX).min(1 << 30);
            let mut block = Vec::new();
            let mut spans: Vec<(u32, u32)> = Vec::with_capacity(count as usize);
            for number in first..first + count {
                let start = block.len();
                self.rows.row(number, &mut block);
                if block.len() > most && !spans.is_empty() {
                    block.truncate(start);
                    break;
                }
                spans.push((start as u32, block.len() as u32));
            }
            self.next += spans.len() as u64;
            let from = RowsFrom::Numbered {
                name: Arc::clone(&self.name),
                first: first + 1,
            };
            let rows = RawRows::new(Bytes::from(block), spans, Arc::clone(&self.layout), from);
            Ok(Next::Block(Block {
                rows,
                after: position_of(self.next),
            }))
        })
    }
}

/// The same as people write it: `row=57`, or `57`.
pub(crate) const POSITIONS: PositionText = PositionText {
    show: |position| match number_of(Some(position), "") {
        Ok(row) => format!("row={row}"),
        Err(_) => position.show(),
    },
    parse: |text| {
        let number = text.strip_prefix("row=").unwrap_or(text);
        match number.parse() {
            Ok(row) => Ok(position_of(row)),
            Err(_) => Err("write how many rows are before it: row=57".to_owned()),
        }
    },
};

/// The position behind so many rows: readable, with the version first.
pub(crate) fn position_of(rows: u64) -> Position {
    Position::new(format!("1 row={rows}").into_bytes())
}

/// How many rows are before a position; none without one.
pub(crate) fn number_of(position: Option<&Position>, name: &str) -> Result<u64, ConnError> {
    let Some(position) = position else { return Ok(0) };
    let text = std::str::from_utf8(position.as_bytes()).ok();
    text.and_then(|text| text.strip_prefix("1 row=")?.parse().ok())
        .ok_or_else(|| {
            let message = format!("{name}: {} is not a position of this source", position.show());
            ConnError::fatal("position", message)
        })
}
