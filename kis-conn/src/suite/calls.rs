//! What every connector must do with the calls of its lanes: rows that stand, rows that fail, outages.

use super::connector::ConnectorUnderTest;
use super::engine::Process;
use super::reading::{none_lost, same_rows};
use super::report::{Checks, During, Stop, Verdict, ensure, shown, within};
use crate::{ConnError, Connector, ErrorClass, Store};

const NO_REFUSED: Stop = Stop::Skip("the case names no row that is refused");

pub(super) async fn check<T: ConnectorUnderTest>(checks: &mut Checks, make: &impl AsyncFn(&Store) -> T) {
    checks
        .check(
            "open",
            "a connector opens, answers a ping, and can be closed, also twice",
            with(make, open),
        )
        .await;
    checks
        .check(
            "lanes",
            "what calls wrote is there with the cut: each row once, those of a lane in their order",
            with(make, lanes),
        )
        .await;
    checks
        .check(
            "failed_row",
            "rows beside one that is refused can be written: those that the error names failed, and no other",
            with(make, failed_row),
        )
        .await;
    checks
        .check(
            "error_class",
            "a row that is refused for what it is has the class reject, each time, and takes nothing with it",
            with(make, error_class),
        )
        .await;
    checks
        .check(
            "reconnect",
            "while the outside system is away calls say unavailable; then the same connector goes on and loses no row",
            with(make, reconnect),
        )
        .await;
    if T::Connector::ATOMIC_BATCH {
        checks
            .check(
                "atomic_batch",
                "ATOMIC_BATCH is claimed: a failed batch call leaves nothing behind, so its halves can be sent again",
                with(make, atomic_batch),
            )
            .await;
    }
    if T::Connector::ONE_FLOW {
        checks
            .check(
                "one_flow",
                "ONE_FLOW is claimed: what a second flow writes is refused, class fatal",
                with(make, one_flow),
            )
            .await;
    }
    if !T::Connector::CUTS {
        checks
            .check(
                "kept",
                "what was written before a cut is still there after a crash",
                with(make, kept),
            )
            .await;
    }
}

/// Makes a case with a store of its own and does one check with it.
pub(super) async fn with<T: ConnectorUnderTest>(
    make: &impl AsyncFn(&Store) -> T,
    work: impl AsyncFnOnce(&T, &Store) -> Verdict,
) -> Verdict {
    let store = Store::in_memory();
    let case = make(&store).await;
    work(&case, &store).await
}

async fn open<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    process.connector.ping().await.during("a ping")?;
    process.connector.close().await.during("closing")?;
    process.connector.close().await.during("closing again")
}

async fn lanes<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let (one, two) = (process.lane(0), process.lane(1));
    process.write(&one, &["a1", "a2"]).await?;
    process.write(&two, &["b1"]).await?;
    process.write(&one, &[]).await?;
    process.write(&one, &["a3"]).await?;
    process.cut(&[&one, &two]).await?;
    process.write(&two, &["b2", "b3"]).await?;
    process.cut(&[&one, &two]).await?;
    process.cut(&[&one, &two]).await?;
    let rows = process.rows().await?;
    expect("after three cuts", &rows, &["a1", "a2", "a3", "b1", "b2", "b3"])?;
    if !case.keeps_order() {
        return Ok(());
    }
    for lane in ["a", "b"] {
        let of: Vec<_> = rows.iter().filter(|row| row.starts_with(lane)).collect();
        ensure(of.is_sorted(), || {
            format!("the rows of one lane were written in order and are {of:?}")
        })?;
    }
    Ok(())
}

async fn failed_row<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let Some(bad) = case.refused() else {
        return Err(NO_REFUSED);
    };
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    let batch = ["r1", "r2", bad, "r3", "r4"];
    let error = fails(process.call(&lane, &batch, true).await, bad)?;
    let mut failed = Vec::new();
    for (index, row) in &error.rows {
        ensure(*index < batch.len(), || {
            format!("row {index} is named, and the batch has {} rows", batch.len())
        })?;
        ensure(!failed.contains(index), || format!("row {index} is named twice"))?;
        ensure(!row.code.is_empty() && !row.message.is_empty(), || {
            format!("row {index} failed without a code or text")
        })?;
        failed.push(*index);
    }
    ensure(failed.is_empty() || failed == [2], || {
        format!("rows {failed:?} are named, and row 2 of {batch:?} is the one that is refused")
    })?;
    // The engine sends the good rows again where it does not know what became of them, or nothing is left of them.
    let undone = T::Connector::ATOMIC_BATCH || failed.is_empty();
    let again = ["r1", "r2", "r3", "r4"];
    for row in again.iter().filter(|_| undone) {
        process.write(&lane, &[row]).await?;
    }
    process.cut(&[&lane]).await?;
    let found = process.rows().await?;
    let what = "rows beside a refused one";
    none_lost(what, &found, &again.map(str::to_owned))?;
    ensure(!found.iter().any(|row| row == bad), || {
        format!("{bad:?} was refused, and is there")
    })?;
    if T::Connector::ATOMIC_BATCH || !undone {
        expect(what, &found, &again)?;
    }
    Ok(())
}

async fn error_class<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let Some(bad) = case.refused() else {
        return Err(NO_REFUSED);
    };
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    process.write(&lane, &["before"]).await?;
    for _ in 0..2 {
        let error = fails(process.call(&lane, &[bad], true).await, bad)?;
        let classes = error.rows.iter().map(|(_, row)| row.class).chain([error.class]);
        for class in classes {
            ensure(class == ErrorClass::Reject, || {
                format!(
                    "{bad:?} is refused as {}; class reject was to come",
                    shown(&error)
                )
            })?;
        }
        ensure(!error.code.is_empty() && !error.message.is_empty(), || {
            "the error has no code or text".to_owned()
        })?;
    }
    process.write(&lane, &["behind"]).await?;
    process.cut(&[&lane]).await?;
    expect(
        "around a refused row",
        &process.rows().await?,
        &["before", "behind"],
    )
}

async fn atomic_batch<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let Some(bad) = case.refused() else {
        return Err(NO_REFUSED);
    };
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    for batch in [
        &["h1", "h2", "h3", bad][..],
        &[bad, "h1", "h2", "h3"],
        &["h1", bad, "h2", "h3"],
    ] {
        fails(process.call(&lane, batch, true).await, bad)?;
    }
    process.write(&lane, &["other"]).await?;
    process.cut(&[&lane]).await?;
    expect("after three failed batches", &process.rows().await?, &["other"])?;
    process.write(&lane, &["h1", "h2"]).await?;
    process.write(&lane, &["h3"]).await?;
    process.cut(&[&lane]).await?;
    let what = "after their halves were sent again";
    expect(what, &process.rows().await?, &["other", "h1", "h2", "h3"])
}

async fn one_flow<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let (lane, other) = (process.lane(0), process.lane_of("another flow", 0));
    process.write(&lane, &["mine"]).await?;
    let error = fails(process.call(&other, &["yours"], true).await, "yours")?;
    ensure(error.class == ErrorClass::Fatal, || {
        format!("a second flow is told {}; class fatal was to come", shown(&error))
    })?;
    process.cut(&[&lane]).await?;
    expect("with a second flow", &process.rows().await?, &["mine"])
}

async fn kept<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    process.write(&lane, &["k1", "k2"]).await?;
    process.cut(&[&lane]).await?;
    drop((lane, process));
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    process.write(&lane, &["k3"]).await?;
    process.cut(&[&lane]).await?;
    expect(
        "after a crash behind a cut",
        &process.rows().await?,
        &["k1", "k2", "k3"],
    )
}

async fn reconnect<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    process.write(&lane, &["o1"]).await?;
    if !case.set_down(true).await {
        return Err(Stop::Skip("the case cannot take its outside system away"));
    }
    let patience = case.patience();
    let pinged = within(patience, process.connector.ping()).await;
    away("a ping", pinged.unwrap_or(Ok(())))?;
    let frozen = lane.freeze();
    // Rows may be buffered; then it is the cut that fails.
    let written = within(patience, process.call(&lane, &["o2"], true)).await;
    let stands = matches!(written, Some(Ok(())));
    away("a call", written.unwrap_or(Ok(())))?;
    let cut = within(patience, process.connector.cut()).await;
    away("a cut", cut.unwrap_or(Ok(None)).map(drop))?;
    case.set_down(false).await;
    let (mut tries, mut back) = (100, process.connector.ping().await);
    while back.is_err() && tries > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        (tries, back) = (tries - 1, process.connector.ping().await);
    }
    back.during("a ping when it is back")?;
    // The cut that failed is tried again, and so is the call.
    let frozen = process.note_cut(vec![frozen]).await?;
    process.commit(frozen)?;
    if !stands {
        process.write(&lane, &["o2"]).await?;
    }
    process.write(&lane, &["o3"]).await?;
    process.cut(&[&lane]).await?;
    let (found, written) = (process.rows().await?, ["o1", "o2", "o3"]);
    match T::Connector::CUTS || T::Connector::ATOMIC_BATCH {
        true => expect("after an outage", &found, &written),
        false => none_lost("after an outage", &found, &written.map(str::to_owned)),
    }
}

/// A call that must fail.
fn fails(result: Result<(), ConnError>, row: &str) -> Verdict<ConnError> {
    match result {
        Err(error) => Ok(error),
        Ok(()) => Err(Stop::Broken(format!(
            "{row:?} was to be refused, and the call says it is written"
        ))),
    }
}

/// Success, or the class that makes the engine wait.
fn away(what: &str, result: Result<(), ConnError>) -> Verdict {
    match result {
        Err(error) if error.class != ErrorClass::Unavailable => Err(Stop::Broken(format!(
            "while the outside system is away {what} says {}; class unavailable was to come",
            shown(&error)
        ))),
        _ => Ok(()),
    }
}

/// Exactly these rows are there, in any order.
pub(super) fn expect(what: &str, found: &[String], expected: &[&str]) -> Verdict {
    let expected: Vec<String> = expected.iter().map(|row| (*row).to_owned()).collect();
    same_rows(what, found, &expected)
}
