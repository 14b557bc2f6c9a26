//! How the engine deals with a source, whatever its kind: positions, commits, readers that go and come, outages.

use std::collections::HashSet;
use std::time::Duration;

use super::reading::{Hand, came, limit, none_lost, same_order, stored, texts};
use super::report::{Checks, During, Stop, Verdict, ensure, shown, within};
use super::rows::same;
use super::source::{Bench, SourceUnderTest, with};
use crate::{BatchLimit, ConnError, ErrorClass, Next, Partition, Position, Source};

pub(super) async fn check<T: SourceUnderTest>(checks: &mut Checks, make: &impl AsyncFn() -> T) {
    checks
        .check(
            "positions",
            "positions have bytes, each block of a partition ends at another one, and what people see of one can be \
             written back",
            with(make, positions),
        )
        .await;
    checks
        .check(
            "foreign_position",
            "a position that this source did not give is refused: class fatal, a code and a text",
            with(make, foreign_position),
        )
        .await;
    checks
        .check(
            "foreign_partition",
            "a partition that is not there is refused: class fatal, a code and a text",
            with(make, foreign_partition),
        )
        .await;
    checks
        .check(
            "commit_forms",
            "a commit may come twice, be out of date or be empty, and disturbs no reader",
            with(make, commit_forms),
        )
        .await;
    checks
        .check(
            "same_handle",
            "a reader may be dropped and opened again on the same source, and no row is lost",
            with(make, same_handle),
        )
        .await;
    checks
        .check(
            "close",
            "a source can be closed, also twice and while it is read, and opened again",
            with(make, close),
        )
        .await;
    checks
        .check(
            "reconnect",
            "while the outside system is away, calls wait or say unavailable; then the same source goes on and loses \
             no row",
            with(make, reconnect),
        )
        .await;
}

/// For sources that cannot send again.
pub(super) async fn check_numbers_go_on<T: SourceUnderTest>(checks: &mut Checks, make: &impl AsyncFn() -> T) {
    checks
        .check(
            "numbers_go_on",
            "the next process skips no row for the position of the one before, and its rows have other origins",
            with(make, numbers_go_on),
        )
        .await;
}

async fn positions<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    for (partition, expected) in &bench.rows {
        let mut hand = bench.read(&*source, partition, None).await?;
        let (rows, _) = hand.some(limit(1, u64::MAX), expected.len()).await?;
        let mut seen = HashSet::new();
        for after in rows.iter().filter_map(|row| row.after.as_ref()) {
            ensure(!after.as_bytes().is_empty(), || {
                format!("{partition}: a position has no bytes")
            })?;
            ensure(seen.insert(after), || {
                format!("{partition}: two blocks end at {}", after.show())
            })?;
            if let Some(text) = bench.case.positions() {
                let shown = (text.show)(after);
                let parsed = (text.parse)(&shown);
                ensure(parsed.as_ref() == Ok(after), || {
                    format!(
                        "{} is shown as {shown:?}, which is read as {parsed:?}",
                        after.show()
                    )
                })?;
            }
        }
    }
    Ok(())
}

async fn foreign_position<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let Some((partition, _)) = bench.rows.first() else {
        return Ok(());
    };
    let strange: [&[u8]; 4] = [b"", b"\0", b"\xff\xfe\xfd", b"this is not a position"];
    for bytes in strange {
        let position = Position::new(bytes);
        let source = bench.open().await?;
        refused(&bench, &*source, partition, Some(&position), &position.show()).await?;
    }
    // The right bytes in a version of the future.
    let source = bench.open().await?;
    let mut hand = bench.read(&*source, partition, None).await?;
    let (rows, _) = hand.some(limit(1, u64::MAX), 1).await?;
    drop((hand, source));
    if let Some(after) = rows.first().and_then(|row| row.after.as_ref()) {
        let mut bytes = after.as_bytes().to_vec();
        bytes[0] = 0xEE;
        let position = Position::new(bytes);
        let source = bench.open().await?;
        let what = format!("{} with another first byte, its version", after.show());
        refused(&bench, &*source, partition, Some(&position), &what).await?;
    }
    Ok(())
}

async fn foreign_partition<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    let strange = Partition::new("no partition has this name");
    refused(&bench, &*source, &strange, None, "a strange partition").await
}

/// Opening the reader or its first `next` is refused in a way that stops the flow and says why.
async fn refused<T: SourceUnderTest>(
    bench: &Bench<T>,
    source: &dyn Source,
    partition: &Partition,
    from: Option<&Position>,
    what: &str,
) -> Verdict {
    let opened = source.read(partition, from).await;
    let error = match opened {
        Err(error) => error,
        Ok(reader) => match within(bench.patience, async move {
            let mut reader = reader;
            reader.next(BatchLimit::default()).await
        })
        .await
        {
            Some(Err(error)) => error,
            Some(Ok(Next::Ended)) => return Err(Stop::Broken(format!("{what} is taken, and the end comes"))),
            Some(Ok(Next::Block(_))) => return Err(Stop::Broken(format!("{what} is taken, and rows come"))),
            None => return Err(Stop::Broken(format!("{what} is taken, and nothing comes"))),
        },
    };
    ensure(error.class == ErrorClass::Fatal, || {
        format!("{what} is refused as {}; class fatal was to come", shown(&error))
    })?;
    ensure(!error.code.is_empty() && !error.message.is_empty(), || {
        format!("{what} is refused without a code or text: {}", shown(&error))
    })
}

async fn commit_forms<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    source.commit(&[]).await.during("an empty commit")?;
    let (mut open, mut up_to) = (Vec::new(), Vec::new());
    for (partition, expected) in &bench.rows {
        let mut hand = bench.read(&*source, partition, None).await?;
        let (rows, _) = hand.some(limit(1, u64::MAX), expected.len().min(3)).await?;
        let after: Vec<Position> = rows.iter().filter_map(|row| row.after.clone()).collect();
        if let (Some(first), Some(last)) = (after.first(), after.last()) {
            let commit =
                async |position: &Position| source.commit(&[(partition.clone(), stored(position))]).await;
            commit(last).await.during("a commit")?;
            commit(last).await.during("the same commit again")?;
            commit(first).await.during("a commit that is out of date")?;
            up_to.push((partition.clone(), last.clone()));
        }
        open.push((hand, rows));
    }
    source.commit(&up_to).await.during("a commit of all partitions")?;
    for ((partition, expected), (mut hand, mut rows)) in bench.rows.iter().zip(open) {
        let left = expected.len().saturating_sub(rows.len());
        rows.extend(hand.rest(BatchLimit::default(), left, bench.end).await?);
        same(&bench, partition.as_str(), &texts(&rows), expected)?;
    }
    Ok(())
}

async fn same_handle<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    for (partition, expected) in &bench.rows {
        let mut hand = bench.read(&*source, partition, None).await?;
        let (mut rows, _) = hand.some(limit(2, u64::MAX), 1).await?;
        drop(hand);
        let after = rows.last().and_then(|row| row.after.clone());
        let left = expected.len().saturating_sub(rows.len());
        rows.extend(bench.rest(&*source, partition, after.as_ref(), left).await?);
        if bench.is_queue() {
            none_lost(partition.as_str(), &texts(&rows), expected)?;
        } else {
            same_order(partition.as_str(), &texts(&rows), expected)?;
        }
    }
    Ok(())
}

async fn close<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    for (partition, _) in &bench.rows {
        let mut hand = bench.read(&*source, partition, None).await?;
        hand.some(limit(1, u64::MAX), 1).await?;
    }
    source.close().await.during("closing")?;
    source.close().await.during("closing again")?;
    drop(source);
    for (partition, expected) in &bench.rows {
        let source = bench.open().await?;
        let rows = bench.rest(&*source, partition, None, expected.len()).await?;
        same(&bench, partition.as_str(), &texts(&rows), expected)?;
        source.close().await.during("closing")?;
    }
    Ok(())
}

async fn reconnect<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    let source = bench.open().await?;
    let Some((partition, expected)) = bench.rows.first() else {
        return Ok(());
    };
    let mut hand = bench.read(&*source, partition, None).await?;
    let (mut rows, _) = hand.some(limit(2, u64::MAX), 1).await?;
    let after = rows.last().and_then(|row| row.after.clone());
    if !bench.case.set_down(true).await {
        return Err(Stop::Skip("the case cannot take its outside system away"));
    }
    // What was fetched before may still come; then it waits or complains, as often as it is asked.
    for _ in 0..3 {
        match hand.try_poll(limit(2, u64::MAX), 3).await {
            Ok(Some(Next::Block(block))) => rows.extend(came(&block)?),
            Ok(Some(Next::Ended)) => {
                return Err(Stop::Broken(
                    "while the outside system is away the end comes".to_owned(),
                ));
            }
            Ok(None) => {}
            Err(error) => waits("the next rows", &error)?,
        }
    }
    let up_to: Vec<_> = after
        .iter()
        .map(|after| (partition.clone(), after.clone()))
        .collect();
    if let Some(Err(error)) = within(bench.patience, source.commit(&up_to)).await {
        waits("a commit", &error)?;
    }
    bench.case.set_down(false).await;
    patiently(async || source.commit(&up_to).await)
        .await
        .during("the same commit when it is back")?;
    // The reader itself goes on, and so does one that is opened anew.
    if rows.len() < expected.len() {
        let next = patiently(async || hand.next(limit(2, u64::MAX)).await).await;
        if let Next::Block(block) = next.during("the next rows when it is back")? {
            rows.extend(came(&block)?);
        }
    }
    drop(hand);
    let after = rows.last().and_then(|row| row.after.clone());
    let reader = patiently(async || source.read(partition, after.as_ref()).await).await;
    let mut hand = Hand::new(reader.during("reading when it is back")?, bench.patience);
    let left = expected.len().saturating_sub(rows.len());
    rows.extend(hand.rest(BatchLimit::default(), left, bench.end).await?);
    match bench.is_queue() {
        true => none_lost(partition.as_str(), &texts(&rows), expected),
        false => same_order(partition.as_str(), &texts(&rows), expected),
    }
}

/// The class of an error with which the engine waits and asks again.
fn waits(what: &str, error: &ConnError) -> Verdict {
    let waits = is_passing(error);
    ensure(waits, || {
        format!(
            "while the outside system is away {what} says {}; class unavailable was to come",
            shown(error)
        )
    })
}

async fn numbers_go_on<T: SourceUnderTest>(bench: Bench<T>) -> Verdict {
    for (partition, expected) in &bench.rows {
        let source = bench.open().await?;
        let first = bench.rest(&*source, partition, None, expected.len()).await?;
        let last = first.last().and_then(|row| row.after.clone());
        drop(source);
        let source = bench.open().await?;
        let second = bench
            .rest(&*source, partition, last.as_ref(), expected.len())
            .await?;
        same(&bench, partition.as_str(), &texts(&second), expected)?;
        let origins: HashSet<_> = first.iter().map(|row| &row.origin).collect();
        for row in &second {
            ensure(!origins.contains(&row.origin), || {
                format!("a row of each process has the origin {}", row.origin)
            })?;
        }
    }
    Ok(())
}

/// Whether the engine waits and asks again.
fn is_passing(error: &ConnError) -> bool {
    matches!(
        error.class,
        ErrorClass::Unavailable | ErrorClass::Retry | ErrorClass::Timeout
    )
}

/// Asks again for a while, as long as the answer is that it may work later.
async fn patiently<R>(mut call: impl AsyncFnMut() -> Result<R, ConnError>) -> Result<R, ConnError> {
    for _ in 0..100 {
        match call().await {
            Err(error) if is_passing(&error) => tokio::time::sleep(Duration::from_millis(100)).await,
            other => return other,
        }
    }
    call().await
}
