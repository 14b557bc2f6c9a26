//! Reading a source the way the engine does, and comparing what came with what should have come.

use std::collections::HashMap;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::report::{During, Verdict, ensure, within};
use crate::{BatchLimit, Block, ConnError, Next, Partition, Position, Reader, Source};

/// One row that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) text: String,
    pub(super) origin: String,
    /// The position behind it, if it was the last of its block.
    pub(super) after: Option<Position>,
}

/// How the rows of a source come to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The reader says so.
    Ended,
    /// The reader waits for more.
    Waits,
    /// There are always more.
    Never,
}

pub(super) const fn limit(rows: u32, bytes: u64) -> BatchLimit {
    BatchLimit {
        rows,
        bytes,
        linger: Duration::ZERO,
        unit_is_message: false,
    }
}

/// Limits of batches: by rows, by bytes, both.
pub(super) const LIMITS: [BatchLimit; 4] = [
    limit(1, u64::MAX),
    limit(3, u64::MAX),
    limit(1000, 1),
    limit(1000, 20),
];

/// A position as the next process gets it: from the bytes in the store.
pub(super) fn stored(position: &Position) -> Position {
    Position::new(position.as_bytes().to_vec())
}

/// Reads one partition as the engine does.
pub(super) struct Hand {
    reader: Box<dyn Reader>,
    patience: Duration,
}

impl Hand {
    pub(super) async fn open(
        source: &dyn Source,
        partition: &Partition,
        from: Option<&Position>,
        patience: Duration,
    ) -> Verdict<Hand> {
        let from = from.map(stored);
        let reader = source.read(partition, from.as_ref()).await;
        Ok(Hand::new(
            reader.during(&format!("reading {partition}"))?,
            patience,
        ))
    }

    pub(super) fn new(reader: Box<dyn Reader>, patience: Duration) -> Hand {
        Hand { reader, patience }
    }

    pub(super) async fn next(&mut self, limit: BatchLimit) -> Result<Next, ConnError> {
        self.reader.next(limit).await
    }

    /// The next block; nothing at the end, or if nothing comes any more.
    pub(super) async fn block(&mut self, limit: BatchLimit) -> Verdict<Option<Block>> {
        match within(self.patience, self.reader.next(limit)).await {
            Some(Ok(Next::Block(block))) => Ok(Some(block)),
            Some(Ok(Next::Ended)) | None => Ok(None),
            Some(Err(error)) => Err(error).during("the next rows"),
        }
    }

    /// Reads blocks until at least `most` rows came, the reader ends or nothing comes any more; and whether it ended.
    pub(super) async fn some(&mut self, limit: BatchLimit, most: usize) -> Verdict<(Vec<Came>, bool)> {
        let mut rows = Vec::new();
        while rows.len() < most {
            match within(self.patience, self.reader.next(limit)).await {
                None => break,
                Some(Ok(Next::Block(block))) => rows.extend(came(&block)?),
                Some(Ok(Next::Ended)) => return Ok((rows, true)),
                Some(Err(error)) => return Err(error).during("the next rows"),
            }
        }
        Ok((rows, false))
    }

    /// Reads all rows there are, of which there should be `count`, and looks at how they end.
    pub(super) async fn rest(&mut self, limit: BatchLimit, count: usize, end: End) -> Verdict<Vec<Came>> {
        let most = if end == End::Ended { count + 1 } else { count };
        let (mut rows, mut ended) = self.some(limit, most).await?;
        match end {
            End::Ended => return Ok(rows),
            End::Never => rows.truncate(count),
            End::Waits => match self.poll(limit, 3).await? {
                Some(Next::Block(block)) => rows.extend(came(&block)?),
                Some(Next::Ended) => ended = true,
                None => {}
            },
        }
        let text = || {
            format!(
                "the end came behind {} rows, but its facts say it has none",
                rows.len()
            )
        };
        ensure(!ended, text)?;
        Ok(rows)
    }

    /// Polls one future so many times and drops it: what it gave, or nothing.
    pub(super) async fn poll(&mut self, limit: BatchLimit, times: usize) -> Verdict<Option<Next>> {
        self.try_poll(limit, times).await.during("the next rows")
    }

    /// As [`poll`](Hand::poll), with the error as it is.
    pub(super) async fn try_poll(
        &mut self,
        limit: BatchLimit,
        times: usize,
    ) -> Result<Option<Next>, ConnError> {
        let mut next = self.reader.next(limit);
        for _ in 0..times {
            let polled = next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            match polled {
                Poll::Ready(next) => return next.map(Some),
                Poll::Pending => tokio::task::yield_now().await,
            }
        }
        Ok(None)
    }
}

pub(super) fn came(block: &Block) -> Verdict<Vec<Came>> {
    ensure(!block.rows.is_empty(), || "a block without rows came".to_owned())?;
    let last = block.rows.len() - 1;
    Ok((0..=last)
        .map(|i| Came {
            text: String::from_utf8_lossy(block.rows.bytes(i)).into_owned(),
            origin: block.rows.origin(i),
            after: (i == last).then(|| block.after.clone()),
        })
        .collect())
}

pub(super) fn texts(rows: &[Came]) -> Vec<String> {
    rows.iter().map(|row| row.text.clone()).collect()
}

/// The rows that came are the expected ones, in their order.
pub(super) fn same_order(what: &str, found: &[String], expected: &[String]) -> Verdict {
    same_rows(what, found, expected)?;
    let differ = found.iter().zip(expected).position(|(a, b)| a != b);
    ensure(differ.is_none(), || {
        let i = differ.unwrap_or_default();
        format!(
            "{what}: row {} is {:?}, and {:?} was to come: the order is another",
            i + 1,
            found[i],
            expected[i]
        )
    })
}

/// The rows that came are the expected ones, in any order.
pub(super) fn same_rows(what: &str, found: &[String], expected: &[String]) -> Verdict {
    let (lost, added) = difference(found, expected);
    ensure(lost.is_empty() && added.is_empty(), || {
        let part = |word: &str, rows: &[&str]| match rows {
            [] => String::new(),
            [first] => format!(", {word} {first:?}"),
            [first, rest @ ..] => format!(", {word} {first:?} and {} more", rest.len()),
        };
        format!(
            "{what}: {} rows came instead of {}{}{}",
            found.len(),
            expected.len(),
            part("missing", &lost),
            part("not expected (again)", &added)
        )
    })
}

/// No expected row is missing; rows may have come again.
pub(super) fn none_lost(what: &str, found: &[String], expected: &[String]) -> Verdict {
    let (lost, _) = difference(found, expected);
    ensure(lost.is_empty(), || {
        format!(
            "{what}: {} of {} rows are lost, among them {:?}",
            lost.len(),
            expected.len(),
            lost[0]
        )
    })
}

/// Rows that are missing, and rows that are too many.
fn difference<'a>(found: &'a [String], expected: &'a [String]) -> (Vec<&'a str>, Vec<&'a str>) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for row in expected {
        *counts.entry(row).or_default() += 1;
    }
    let mut added = Vec::new();
    for row in found {
        match counts.get_mut(row.as_str()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => added.push(row.as_str()),
        }
    }
    let lost = expected
        .iter()
        .map(String::as_str)
        .filter(|row| {
            counts.get_mut(row).is_some_and(|count| {
                let missing = *count > 0;
                *count = count.saturating_sub(1);
                missing
            })
        })
        .collect();
    (lost, added)
}
