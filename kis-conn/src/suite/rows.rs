//! How rows come out of a source, whatever its kind: their order, their batches, their end.

use std::collections::HashSet;

use super::reading::{End, LIMITS, came, limit, same_order, same_rows, texts};
use super::report::{Checks, During, Verdict, ensure};
use super::source::{Bench, SourceUnderTest, with};
use crate::{BatchLimit, Next};

pub(super) async fn check<T: SourceUnderTest>(checks: &mut Checks, make: &impl AsyncFn() -> T) {
    checks
        .check(
            "partitions",
            "partitions have names of their own and are the same while nothing changes outside",
            with(make, partitions),
        )
        .await;
    checks
        .check(
            "order",
            "each row comes once, in the order of its partition (of a queue: in any order)",
            with(make, order),
        )
        .await;
    checks
        .check(
            "batch_limit",
            "a block has at least one row and no more rows and bytes than asked for, unless it is a single row",
            with(make, batch_limit),
        )
        .await;
    checks
        .check(
            "origins",
            "each row has an origin of its own, over all partitions and in batches of any size",
            with(make, origins),
        )
        .await;
    checks
        .check(
            "end",
            "a bounded source ends, and its end stays the end; others wait for more rows",
            with(make, end),
        )
        .await;
    checks
        .check(
            "cancelled_polls",
            "a future of `next` that is dropped before it is done loses no row and doubles none",
            with(make, cancelled_polls),
        )
        .await;
    checks
        .check(
            "pause",
            "a reader that is not asked for a while goes on where it stopped",
            with(make, pause),
        )
        .await;
}

async fn partitions<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    let first = source.partitions().await.during("listing the partitions")?;
    let second = source.partitions().await.during("listing the partitions again")?;
    ensure(first == second, || format!("first {first:?}, then {second:?}"))?;
    let names: HashSet<_> = first.iter().collect();
    ensure(names.len() == first.len(), || {
        format!("two partitions have one name: {first:?}")
    })?;
    let expected: HashSet<_> = bench.rows.iter().map(|(partition, _)| partition).collect();
    ensure(names == expected, || {
        format!("it has {names:?}, and {expected:?} was to be there")
    })
}

async fn order<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    for (partition, expected) in &bench.rows {
        let rows = bench.rest(&*source, partition, None, expected.len()).await?;
        same(&bench, partition.as_str(), &texts(&rows), expected)?;
    }
    Ok(())
}

async fn batch_limit<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    let whole = BatchLimit {
        unit_is_message: true,
        ..limit(1, 1)
    };
    for (partition, expected) in &bench.rows {
        let mut hand = bench.read(&*source, partition, None).await?;
        let mut seen = 0;
        for limit in LIMITS.into_iter().cycle().take(expected.len()) {
            let Some(block) = hand.block(limit).await? else {
                break;
            };
            let (rows, bytes) = (block.rows.len(), block.rows.size());
            seen += came(&block)?.len();
            ensure(rows <= limit.rows as usize, || {
                format!("a block has {rows} rows, at most {} were asked for", limit.rows)
            })?;
            ensure(rows == 1 || bytes <= limit.bytes, || {
                format!(
                    "a block of {rows} rows has {bytes} bytes, at most {} were asked for",
                    limit.bytes
                )
            })?;
            if seen >= expected.len() {
                break;
            }
        }
        // A message, request or file as one batch may have any size; it must not be empty.
        if seen < expected.len()
            && let Some(block) = hand.block(whole).await?
        {
            came(&block)?;
        }
    }
    Ok(())
}

async fn origins<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    let mut all = HashSet::new();
    let mut first = Vec::new();
    for (partition, expected) in &bench.rows {
        let rows = bench.rest(&*source, partition, None, expected.len()).await?;
        for row in &rows {
            ensure(all.insert(row.origin.clone()), || {
                format!("two rows have the origin {}", row.origin)
            })?;
        }
        first.push(rows);
    }
    if bench.is_queue() || !bench.facts.replayable {
        return Ok(());
    }
    for ((partition, expected), first) in bench.rows.iter().zip(first) {
        let mut hand = bench.read(&*source, partition, None).await?;
        let again = hand.rest(limit(2, u64::MAX), expected.len(), bench.end).await?;
        for (again, first) in again.iter().zip(first) {
            ensure(again.origin == first.origin, || {
                format!(
                    "the row {:?} had the origin {}, and has {} when it is read in other batches",
                    first.text, first.origin, again.origin
                )
            })?;
        }
    }
    Ok(())
}

async fn end<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    for (partition, expected) in &bench.rows {
        let mut hand = bench.read(&*source, partition, None).await?;
        let (_, mut ended) = hand.some(BatchLimit::default(), expected.len().max(1)).await?;
        if bench.end != End::Ended {
            ensure(!ended, || {
                format!("{partition} ends, but its facts say it is not bounded")
            })?;
            let next = hand.poll(BatchLimit::default(), 3).await?;
            ensure(!matches!(next, Some(Next::Ended)), || {
                format!("{partition} ends, but its facts say it is not bounded")
            })?;
            continue;
        }
        if !ended {
            ended = hand.some(BatchLimit::default(), 1).await?.1;
        }
        ensure(ended, || {
            format!("{partition} has no end behind its {} rows", expected.len())
        })?;
        let (rows, still) = hand.some(BatchLimit::default(), 1).await?;
        ensure(still, || {
            format!(
                "behind the end of {partition} it gave {} rows or waits",
                rows.len()
            )
        })?;
    }
    Ok(())
}

async fn cancelled_polls<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    for (partition, expected) in &bench.rows {
        let mut hand = bench.read(&*source, partition, None).await?;
        let mut rows = Vec::new();
        let mut ended = false;
        for polls in [1, 2, 3].into_iter().cycle() {
            let two = limit(2, u64::MAX);
            match hand.poll(two, polls).await? {
                Some(Next::Block(block)) => rows.extend(came(&block)?),
                Some(Next::Ended) => ended = true,
                None => {}
            }
            if ended || rows.len() >= expected.len() {
                break;
            }
            let (more, over) = hand.some(two, 1).await?;
            // Nothing and no end: nothing comes any more.
            ended = over || more.is_empty();
            rows.extend(more);
        }
        if !ended {
            rows.extend(hand.rest(BatchLimit::default(), 0, bench.end).await?);
        }
        if bench.end == End::Never {
            rows.truncate(expected.len());
        }
        same(&bench, partition.as_str(), &texts(&rows), expected)?;
    }
    Ok(())
}

async fn pause<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    let mut open = Vec::new();
    for (partition, _) in &bench.rows {
        let mut hand = bench.read(&*source, partition, None).await?;
        let (rows, _) = hand.some(limit(2, u64::MAX), 1).await?;
        open.push((hand, rows));
    }
    // Long enough for whatever runs ahead to run into its bounds.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    for ((partition, expected), (mut hand, mut rows)) in bench.rows.iter().zip(open) {
        let left = expected.len().saturating_sub(rows.len());
        rows.extend(hand.rest(BatchLimit::default(), left, bench.end).await?);
        same(&bench, partition.as_str(), &texts(&rows), expected)?;
    }
    Ok(())
}

/// The rows are as they should be, in the order that the kind of the source has.
pub(super) fn same<T: SourceUnderTest>(
    bench: &Bench<T>,
    what: &str,
    found: &[String],
    expected: &[String],
) -> Verdict {
    match bench.is_queue() {
        true => same_rows(what, found, expected),
        false => same_order(what, found, expected),
    }
}
