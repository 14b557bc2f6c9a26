//! What a connector must do that claims to take part in cuts: what no cut covers is taken back.

use super::calls::{expect, with};
use super::connector::ConnectorUnderTest;
use super::engine::{Lane, Process};
use super::report::{Checks, During, Verdict, ensure, shown};
use crate::{Connector, ErrorClass, Store};

pub(super) async fn check<T: ConnectorUnderTest>(checks: &mut Checks, make: &impl AsyncFn(&Store) -> T) {
    checks
        .check(
            "rollback",
            "what a call wrote that is rolled back never shows; what stood before it stays",
            with(make, rollback),
        )
        .await;
    checks
        .check(
            "nested_calls",
            "marks nest: an inner call takes back its own rows alone, an outer one all since its mark",
            with(make, nested_calls),
        )
        .await;
    checks
        .check(
            "marker",
            "what a lane writes behind the marker of a cut belongs to the next cut",
            with(make, marker),
        )
        .await;
    checks
        .check(
            "forks",
            "each lane has a log of its own, also lanes of one number in forks of a flow",
            with(make, forks),
        )
        .await;
    checks
        .check(
            "crash",
            "CUTS is claimed: a start takes back what the last cut does not cover, and keeps what it covers",
            with(make, crash),
        )
        .await;
    checks
        .check(
            "crash_before_cut",
            "a cut that the connector made and the store did not is taken back by a start",
            with(make, crash_before_cut),
        )
        .await;
    checks
        .check(
            "cut_again",
            "a cut may be asked for again for the same marker: each row is there once, and none is lost",
            with(make, cut_again),
        )
        .await;
    checks
        .check(
            "foreign_note",
            "a note that this connector did not make is refused, class fatal, and nothing is taken back",
            with(make, foreign_note),
        )
        .await;
    checks
        .check(
            "fresh",
            "a flow that starts anew can begin again: the rows it writes then are there once",
            with(make, fresh),
        )
        .await;
}

async fn rollback<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    process.write(&lane, &["s1"]).await?;
    process
        .call(&lane, &["never", "never too"], false)
        .await
        .during("a call")?;
    process.write(&lane, &["s2"]).await?;
    process
        .call(&lane, &["not at last"], false)
        .await
        .during("a call")?;
    process.cut(&[&lane]).await?;
    expect(
        "with two calls rolled back",
        &process.rows().await?,
        &["s1", "s2"],
    )?;
    process
        .call(&lane, &["nor behind a cut"], false)
        .await
        .during("a call")?;
    process.cut(&[&lane]).await?;
    expect(
        "with a third one behind the cut",
        &process.rows().await?,
        &["s1", "s2"],
    )
}

async fn nested_calls<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    let outer = lane.mark();
    case.write(&lane.client, &["outer"]).await.during("a call")?;
    process.call(&lane, &["inner"], false).await.during("a call")?;
    case.write(&lane.client, &["outer too"]).await.during("a call")?;
    lane.release(&outer);
    process.cut(&[&lane]).await?;
    let stands = ["outer", "outer too"];
    expect("with the inner call rolled back", &process.rows().await?, &stands)?;

    let outer = lane.mark();
    case.write(&lane.client, &["lost"]).await.during("a call")?;
    lane.mark();
    case.write(&lane.client, &["lost with it"])
        .await
        .during("a call")?;
    lane.rollback(&outer);
    process.cut(&[&lane]).await?;
    expect("with the outer call rolled back", &process.rows().await?, &stands)
}

async fn marker<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let (one, two) = (process.lane(0), process.lane(1));
    process.write(&one, &["a1"]).await?;
    process.write(&two, &["b1"]).await?;
    // Lane one meets the marker first and goes on.
    let first = one.freeze();
    process.write(&one, &["behind"]).await?;
    write_much(&process, &one).await?;
    process.call(&one, &["never"], false).await.during("a call")?;
    process.write(&two, &["b2"]).await?;
    let second = two.freeze();
    let frozen = process.note_cut(vec![first, second]).await?;
    process.write(&two, &["behind too"]).await?;
    process.commit(frozen)?;
    drop((one, two, process));
    let process = Process::start(case, store).await?;
    let what = "after a crash behind the cut";
    expect(what, &process.rows().await?, &["a1", "b1", "b2"])
}

async fn forks<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let (one, two) = (process.lane(0), process.lane(0));
    let marks = one.mark();
    case.write(&one.client, &["one"]).await.during("a call")?;
    process.write(&two, &["two"]).await?;
    one.rollback(&marks);
    process.cut(&[&one, &two]).await?;
    let what = "with two lanes of one number, the first rolled back";
    expect(what, &process.rows().await?, &["two"])
}

async fn crash<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let (one, two) = (process.lane(0), process.lane(1));
    process.write(&one, &["a1", "a2"]).await?;
    process.write(&two, &["b1"]).await?;
    process.cut(&[&one, &two]).await?;
    write_much(&process, &two).await?;
    drop((one, two, process));

    // Two starts one after the other, the second with more lanes.
    let process = Process::start(case, store).await?;
    expect("after a crash", &process.rows().await?, &["a1", "a2", "b1"])?;
    drop(process);
    let process = Process::start(case, store).await?;
    let lanes = [process.lane(0), process.lane(1), process.lane(2)];
    for (lane, row) in lanes.iter().zip(["c1", "c2", "c3"]) {
        process.write(lane, &[row]).await?;
    }
    process.cut(&lanes.each_ref()).await?;
    let all = ["a1", "a2", "b1", "c1", "c2", "c3"];
    expect("after a crash and more rows", &process.rows().await?, &all)?;
    process.connector.close().await.during("closing")?;
    drop((lanes, process));
    let process = Process::start(case, store).await?;
    expect("after an orderly end", &process.rows().await?, &all)
}

async fn crash_before_cut<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    // Once before the first cut of all, once behind one.
    for (round, (kept, lost)) in [(&[][..], "x1"), (&["k1"], "x2")].into_iter().enumerate() {
        let process = Process::start(case, store).await?;
        let lane = process.lane(0);
        if round == 1 {
            process.write(&lane, kept).await?;
            process.cut(&[&lane]).await?;
        }
        process.write(&lane, &[lost]).await?;
        process.freeze(&[&lane]).await?;
        drop((lane, process));
        let process = Process::start(case, store).await?;
        let lane = process.lane(0);
        process.write(&lane, &[lost]).await?;
        process.cut(&[&lane]).await?;
        let mut expected = kept.to_vec();
        expected.extend(if round == 1 { &["x1", "x2"][..] } else { &["x1"] });
        let what = "after a crash between the connector's part and the store's, and the rows again";
        expect(what, &process.rows().await?, &expected)?;
    }
    Ok(())
}

async fn cut_again<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    process.write(&lane, &["g1"]).await?;
    // The connector's part is asked for twice for one marker.
    let frozen = lane.freeze();
    process.connector.cut().await.during("a cut")?;
    process.write(&lane, &["g2"]).await?;
    let frozen = process.note_cut(vec![frozen]).await?;
    process.commit(frozen)?;
    process.write(&lane, &["g3"]).await?;
    process.cut(&[&lane]).await?;
    let all = ["g1", "g2", "g3"];
    expect(
        "after a cut that was asked for twice",
        &process.rows().await?,
        &all,
    )?;
    drop((lane, process));
    let process = Process::start(case, store).await?;
    expect("after a start", &process.rows().await?, &all)
}

async fn foreign_note<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    process.write(&lane, &["n1"]).await?;
    let frozen = process.freeze(&[&lane]).await?;
    let notes = frozen.note().is_some();
    process.commit(frozen)?;
    drop((lane, process));
    // What a connector keeps in the store alone needs no notes.
    if notes {
        for strange in [&b""[..], b"\xff", b"not a note of this connector"] {
            let process = Process::open(case, store).await?;
            let found = format!("the note {:?}", String::from_utf8_lossy(strange));
            match process.connector.restore(Some(strange)).await {
                Ok(()) => ensure(false, || format!("{found} is taken"))?,
                Err(error) => ensure(
                    error.class == ErrorClass::Fatal && !error.message.is_empty(),
                    || format!("{found} is refused as {}; class fatal was to come", shown(&error)),
                )?,
            }
        }
    }
    let process = Process::start(case, store).await?;
    expect("after foreign notes", &process.rows().await?, &["n1"])
}

async fn fresh<T: ConnectorUnderTest>(case: &T, store: &Store) -> Verdict {
    let process = Process::start(case, store).await?;
    let lane = process.lane(0);
    process.write(&lane, &["f1", "f2"]).await?;
    process.cut(&[&lane]).await?;
    drop((lane, process));
    let process = Process::open(case, store).await?;
    if let Some(note) = process.note().during("the note of the last cut")? {
        process.connector.fresh(&note).await.during("starting anew")?;
    }
    process
        .connector
        .restore(None)
        .await
        .during("restoring without a note")?;
    let lane = process.lane(0);
    process.write(&lane, &["f1", "f2"]).await?;
    process.cut(&[&lane]).await?;
    let what = "after a start anew and the rows again";
    expect(what, &process.rows().await?, &["f1", "f2"])
}

/// So many rows that a connector may send some of them before the cut.
async fn write_much<T: ConnectorUnderTest>(process: &Process<'_, T>, lane: &Lane<T::Connector>) -> Verdict {
    for call in 0..4 {
        let rows: Vec<String> = (0..100)
            .map(|row| format!("lost {call} {row} {}", "x".repeat(1000)))
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let written = process.call(lane, &rows, true).await;
        written.during("writing 400 rows of 1 KB")?;
    }
    Ok(())
}
