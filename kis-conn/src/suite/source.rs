//! What every source that can go back must do: order, exact positions, an end that stays, futures that can be dropped.

use std::path::Path;
use std::task::{Context, Waker};

use kis_conf::{Format, Node, Param, Place, Placed, Start};

use crate::{BatchLimit, Next, Partition, Position, Reader, Source, SourceSpec};

/// A document of a source with these params.
pub(crate) fn spec(base: &Path, key: Option<&str>, params: &[(&str, Node)]) -> SourceSpec {
    let param = |(key, value): &(&str, Node)| Param {
        key: Placed::new((*key).to_owned(), Place::in_code()),
        value: value.clone(),
    };
    SourceSpec {
        name: "src".into(),
        place: Place::new("conf/src.yml", 1, 1),
        key: key.map(str::to_owned),
        format: None::<Format>,
        params: params.iter().map(param).collect(),
        start: Start::default(),
        base: base.to_owned(),
        conn: None,
    }
}

const LIMITS: [BatchLimit; 4] = [
    limit(1, u64::MAX),
    limit(3, u64::MAX),
    limit(1000, 1),
    limit(1000, 20),
];

const fn limit(rows: u32, bytes: u64) -> BatchLimit {
    BatchLimit {
        rows,
        bytes,
        linger: std::time::Duration::ZERO,
        unit_is_message: false,
    }
}

/// A row: its text, its origin, and the position behind it (of the last row of a block only).
type Row = (String, String, Option<Position>);

async fn read(
    source: &dyn Source,
    partition: &Partition,
    from: Option<&Position>,
    limit: BatchLimit,
) -> Vec<Row> {
    let mut reader = source.read(partition, from).await.unwrap();
    let mut rows = Vec::new();
    loop {
        match reader.next(limit).await.unwrap() {
            Next::Ended => break,
            Next::Block(block) => {
                assert!(!block.rows.is_empty(), "a block has rows");
                assert!(
                    block.rows.len() <= limit.rows as usize || limit.unit_is_message,
                    "the limit of rows holds"
                );
                let last = block.rows.len() - 1;
                for i in 0..=last {
                    let text = String::from_utf8_lossy(block.rows.bytes(i)).into_owned();
                    rows.push((
                        text,
                        block.rows.origin(i),
                        (i == last).then(|| block.after.clone()),
                    ));
                }
            }
        }
    }
    assert!(
        matches!(reader.next(limit).await, Ok(Next::Ended)),
        "the end stays the end"
    );
    rows
}

/// All rows of all partitions, with their origins, read in large batches.
pub(crate) async fn all_rows(source: &dyn Source) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for partition in source.partitions().await.unwrap() {
        let rows = read(source, &partition, None, BatchLimit::default()).await;
        found.extend(rows.into_iter().map(|(text, origin, _)| (origin, text)));
    }
    found
}

/// A source must give the same rows in batches of any size, and the rest of them behind any position it gave.
pub(crate) async fn check_source(source: &dyn Source) {
    assert!(
        source.facts().replayable,
        "this is the suite of sources that can go back"
    );
    for partition in source.partitions().await.unwrap() {
        let whole = read(source, &partition, None, BatchLimit::default()).await;
        let plain = |rows: &[Row]| {
            rows.iter()
                .map(|row| (row.0.clone(), row.1.clone()))
                .collect::<Vec<_>>()
        };
        for limit in LIMITS {
            let rows = read(source, &partition, None, limit).await;
            assert_eq!(plain(&rows), plain(&whole), "with {limit:?}");
            for (i, row) in rows.iter().enumerate() {
                let Some(after) = &row.2 else { continue };
                let rest = read(source, &partition, Some(after), BatchLimit::default()).await;
                assert_eq!(
                    plain(&rest),
                    plain(&whole[i + 1..]),
                    "behind row {i} at {}",
                    after.show()
                );
            }
        }
        let origins: std::collections::HashSet<_> = whole.iter().map(|row| &row.1).collect();
        assert_eq!(origins.len(), whole.len(), "each row has an origin of its own");
        check_dropped(source, &partition, &plain(&whole)).await;
        let last: Vec<_> = whole.last().and_then(|row| row.2.clone()).into_iter().collect();
        let upto: Vec<_> = last
            .into_iter()
            .map(|position| (partition.clone(), position))
            .collect();
        source.commit(&upto).await.unwrap();
    }
    source.close().await.unwrap();
}

/// Drops every other future after one poll: no row may be lost by that.
async fn check_dropped(source: &dyn Source, partition: &Partition, whole: &[(String, String)]) {
    let mut reader = source.read(partition, None).await.unwrap();
    let mut found = Vec::new();
    loop {
        let next = match poll_once(&mut *reader) {
            Some(next) => next,
            None => reader.next(limit(2, u64::MAX)).await.unwrap(),
        };
        match next {
            Next::Ended => break,
            Next::Block(block) => {
                for i in 0..block.rows.len() {
                    let text = String::from_utf8_lossy(block.rows.bytes(i)).into_owned();
                    found.push((text, block.rows.origin(i)));
                }
            }
        }
    }
    assert_eq!(found, whole, "with dropped futures");
}

fn poll_once(reader: &mut dyn Reader) -> Option<Next> {
    let mut future = reader.next(limit(2, u64::MAX));
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(next) => Some(next.unwrap()),
        std::task::Poll::Pending => None,
    }
}
