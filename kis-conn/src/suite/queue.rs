//! What a queue must do: what was not acknowledged comes again, and a commit acknowledges exactly what it covers.

use super::reading::{limit, none_lost, same_rows, stored, texts};
use super::report::{Checks, During, Verdict, ensure};
use super::source::{Bench, SourceUnderTest, with};
use crate::Position;

pub(super) async fn check<T: SourceUnderTest>(checks: &mut Checks, make: &impl AsyncFn() -> T) {
    checks
        .check(
            "redelivery",
            "rows that were not committed come again after a crash, each of them, in any order",
            with(make, redelivery),
        )
        .await;
    checks
        .check(
            "commit_up_to",
            "a commit acknowledges every row up to its position and none above it",
            with(make, commit_up_to),
        )
        .await;
    checks
        .check(
            "stale_commit",
            "a position of the process before acknowledges nothing that this process got",
            with(make, stale_commit),
        )
        .await;
    checks
        .check(
            "numbers_go_on",
            "the next process numbers its rows on: no two rows have one origin, and no position comes twice",
            with(make, numbers_go_on),
        )
        .await;
    checks
        .check(
            "close_gives_back",
            "what was not committed can be had by others once the source is closed",
            with(make, close_gives_back),
        )
        .await;
}

async fn redelivery<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    for (partition, expected) in &bench.rows {
        for most in [expected.len(), 1, 3] {
            let source = bench.open().await?;
            let mut hand = bench.read(&*source, partition, None).await?;
            hand.some(limit(2, u64::MAX), most.min(expected.len())).await?;
        }
        let source = bench.open().await?;
        let rows = bench.rest(&*source, partition, None, expected.len()).await?;
        let what = format!("{partition} after three processes that died without a commit");
        same_rows(&what, &texts(&rows), expected)?;
    }
    Ok(())
}

async fn commit_up_to<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    for (partition, expected) in &bench.rows {
        let source = bench.open().await?;
        let mut hand = bench.read(&*source, partition, None).await?;
        let (rows, _) = hand.some(limit(2, u64::MAX), expected.len()).await?;
        // Twice on the way, in the order of a flow's cuts, and one of them once more.
        let ends: Vec<(usize, &Position)> = rows
            .iter()
            .enumerate()
            .filter_map(|(i, row)| Some((i + 1, row.after.as_ref()?)))
            .collect();
        let mut done = 0;
        for &(count, after) in ends.iter().take(2).chain(ends.first()) {
            let up_to = [(partition.clone(), stored(after))];
            source.commit(&up_to).await.during("a commit")?;
            done = count.max(done);
        }
        let (settled, open) = rows.split_at(done.min(rows.len()));
        let last = ends.get(1).or(ends.first()).map(|&(_, after)| after.clone());
        drop((hand, source));
        let source = bench.open().await?;
        let again = bench.rest(&*source, partition, last.as_ref(), open.len()).await?;
        let what = format!(
            "{partition} after a crash behind {} committed rows",
            settled.len()
        );
        none_lost(&what, &texts(&again), &texts(open))?;
        same_rows(&what, &texts(&again), &texts(open))?;
    }
    Ok(())
}

async fn stale_commit<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    for (partition, expected) in &bench.rows {
        let source = bench.open().await?;
        let mut hand = bench.read(&*source, partition, None).await?;
        let (rows, _) = hand.some(limit(2, u64::MAX), 4.min(expected.len())).await?;
        let Some(after) = rows.iter().rev().find_map(|row| row.after.clone()) else {
            continue;
        };
        drop((hand, source));
        // The cut was durable and the process died before the queue heard of it: the rows come again. The new process
        // cuts before it has settled any of them.
        let source = bench.open().await?;
        bench
            .rest(&*source, partition, Some(&after), expected.len())
            .await?;
        let up_to = [(partition.clone(), stored(&after))];
        source.commit(&up_to).await.during("a commit")?;
        drop(source);
        let source = bench.open().await?;
        let rows = bench
            .rest(&*source, partition, Some(&after), expected.len())
            .await?;
        let what = format!(
            "{partition} after a commit of {}, which the process before got",
            after.show()
        );
        same_rows(&what, &texts(&rows), expected)?;
    }
    Ok(())
}

async fn numbers_go_on<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    for (partition, expected) in &bench.rows {
        let source = bench.open().await?;
        let first = bench.rest(&*source, partition, None, expected.len()).await?;
        let last = first.iter().rev().find_map(|row| row.after.clone());
        drop(source);
        let source = bench.open().await?;
        let second = bench
            .rest(&*source, partition, last.as_ref(), expected.len())
            .await?;
        for row in &second {
            ensure(first.iter().all(|before| before.origin != row.origin), || {
                format!("rows of two processes have the origin {}", row.origin)
            })?;
            let Some(after) = &row.after else { continue };
            ensure(
                first.iter().all(|before| before.after.as_ref() != Some(after)),
                || format!("blocks of two processes end at {}", after.show()),
            )?;
        }
    }
    Ok(())
}

async fn close_gives_back<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    for (partition, expected) in &bench.rows {
        let source = bench.open().await?;
        let mut hand = bench.read(&*source, partition, None).await?;
        hand.some(limit(2, u64::MAX), expected.len()).await?;
        drop(hand);
        source.close().await.during("closing")?;
        // Still there, but closed.
        let other = bench.open().await?;
        let rows = bench.rest(&*other, partition, None, expected.len()).await?;
        same_rows(partition.as_str(), &texts(&rows), expected)?;
        drop(source);
    }
    Ok(())
}
