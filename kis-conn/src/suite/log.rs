//! What a source must do that can go back to any position: files, topics, change logs.

use super::reading::{LIMITS, limit, same_order, stored, texts};
use super::report::{Checks, During, Verdict};
use super::source::{Bench, SourceUnderTest, with};
use crate::{BatchLimit, Position};

/// At most so many positions of a partition are gone back to.
const PLACES: usize = 30;

pub(super) async fn check<T: SourceUnderTest>(checks: &mut Checks, make: &impl AsyncFn() -> T) {
    checks
        .check(
            "seek",
            "reading from a position, as it was stored, gives exactly the rows behind it",
            with(make, seek),
        )
        .await;
    checks
        .check(
            "redelivery",
            "after a crash everything behind the last committed position comes again, and nothing before it",
            with(make, redelivery),
        )
        .await;
    checks
        .check(
            "position_wins",
            "reading begins behind the given position, whatever was committed: the engine's cut is the truth",
            with(make, position_wins),
        )
        .await;
}

async fn seek<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    for (partition, expected) in &bench.rows {
        for limit in LIMITS {
            let mut hand = bench.read(&*source, partition, None).await?;
            let rows = hand.rest(limit, expected.len(), bench.end).await?;
            let what = format!("{partition} in batches of at most {}", size(limit));
            same_order(&what, &texts(&rows), expected)?;
            let step = rows.len().div_ceil(PLACES).max(1);
            let places = rows
                .iter()
                .enumerate()
                .filter_map(|(i, row)| Some((i + 1, row.after.as_ref()?)));
            for (count, after) in places.filter(|(count, _)| count % step == 0 || *count == expected.len()) {
                let left = expected.len() - count;
                let rest = bench.rest(&*source, partition, Some(after), left).await?;
                let what = format!("{partition} behind its row {count} at {}", after.show());
                same_order(&what, &texts(&rest), &expected[count..])?;
            }
        }
    }
    Ok(())
}

async fn redelivery<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    for (partition, expected) in &bench.rows {
        // Three processes that die one after the other, each a little later.
        let mut committed: Option<(Position, usize)> = None;
        for _ in 0..3 {
            let source = bench.open().await?;
            let (from, done) = match &committed {
                Some((from, done)) => (Some(stored(from)), *done),
                None => (None, 0),
            };
            let mut hand = bench.read(&*source, partition, from.as_ref()).await?;
            let (rows, _) = hand.some(limit(2, u64::MAX), 2).await?;
            let first = rows
                .iter()
                .enumerate()
                .find_map(|(i, row)| Some((i + 1, row.after.clone()?)));
            // Of what was read only the first block is committed; the rest dies with its process.
            hand.some(limit(2, u64::MAX), 3).await?;
            if let Some((count, after)) = first {
                source
                    .commit(&[(partition.clone(), after.clone())])
                    .await
                    .during("a commit")?;
                committed = Some((after, done + count));
            }
        }
        let source = bench.open().await?;
        let (from, done) = committed.map_or((None, 0), |(from, done)| (Some(from), done));
        let left = expected.len().saturating_sub(done);
        let rows = bench.rest(&*source, partition, from.as_ref(), left).await?;
        let what = format!("{partition} behind the {done} committed rows");
        same_order(&what, &texts(&rows), &expected[done.min(expected.len())..])?;
    }
    Ok(())
}

async fn position_wins<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    for (partition, expected) in &bench.rows {
        let source = bench.open().await?;
        let mut hand = bench.read(&*source, partition, None).await?;
        let (rows, _) = hand.some(limit(1, u64::MAX), expected.len().min(4)).await?;
        let mut ends = rows
            .iter()
            .enumerate()
            .filter_map(|(i, row)| Some((i + 1, row.after.as_ref()?)));
        let Some((count, first)) = ends.next() else {
            continue;
        };
        let last = ends.last().map_or(first, |(_, last)| last);
        let up_to = [(partition.clone(), last.clone())];
        source.commit(&up_to).await.during("a commit")?;
        drop((hand, source));
        let source = bench.open().await?;
        let rest = bench
            .rest(
                &*source,
                partition,
                Some(first),
                expected.len().saturating_sub(count),
            )
            .await?;
        let what = format!(
            "{partition} behind its row {count}, with {} committed",
            rows.len()
        );
        same_order(&what, &texts(&rest), &expected[count.min(expected.len())..])?;
    }
    Ok(())
}

/// A limit for people.
fn size(limit: BatchLimit) -> String {
    match limit.bytes {
        u64::MAX => format!("{} rows", limit.rows),
        bytes => format!("{} rows and {bytes} bytes", limit.rows),
    }
}
