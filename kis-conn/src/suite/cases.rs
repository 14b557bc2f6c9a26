//! Helpers for the tests of this crate: a runtime whose clock jumps, documents of sources, sources that are opened anew.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use kis_conf::{Format, Node, Param, Place, Placed, Start};
use serde::{Serialize, Serializer};

use super::reading::{End, Hand};
use super::report::{Stop, Verdict};
use super::{SourceUnderTest, check_source};
use crate::{BatchLimit, OpenError, PositionText, Source, SourceInfo, SourceSpec};

/// Runs a future to its end on a runtime of its own, with a clock that jumps ahead when everybody waits.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(future)
}

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

/// All rows of all partitions of a source that ends: their origins and texts.
pub(crate) async fn all_rows(source: &dyn Source) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (_, rows) in of_partitions(source).await {
        found.extend(rows);
    }
    found
}

async fn of_partitions(source: &dyn Source) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    for partition in source.partitions().await.unwrap() {
        let rows = async {
            let patience = std::time::Duration::from_secs(30);
            let mut hand = Hand::open(source, &partition, None, patience).await?;
            let rows = hand
                .rest(BatchLimit::default(), usize::MAX - 1, End::Ended)
                .await?;
            Verdict::Ok(rows)
        };
        let rows = match rows.await {
            Ok(rows) => rows.into_iter().map(|row| (row.origin, row.text)).collect(),
            Err(Stop::Broken(found)) => panic!("{partition}: {found}"),
            Err(Stop::Skip(why)) => panic!("{partition}: {why}"),
        };
        found.push((partition.as_str().to_owned(), rows));
    }
    found
}

/// A source kind with a document, and what it should give.
pub(crate) struct Kind {
    pub(crate) info: SourceInfo,
    pub(crate) spec: SourceSpec,
    pub(crate) rows: Vec<(String, Vec<String>)>,
    pub(crate) endless: bool,
}

impl SourceUnderTest for Kind {
    async fn open(&self) -> Result<Arc<dyn Source>, OpenError> {
        (self.info.open)(self.spec.clone()).await
    }

    fn rows(&self) -> Vec<(String, Vec<String>)> {
        self.rows.clone()
    }

    fn positions(&self) -> Option<PositionText> {
        Some(self.info.positions)
    }

    fn endless(&self) -> bool {
        self.endless
    }
}

/// A built-in source that ends passes the suite: what it gives in large batches it gives in every other way too. Its
/// rows are returned with their origins.
pub(crate) async fn check_kind(info: SourceInfo, spec: SourceSpec) -> Vec<(String, String)> {
    let source = (info.open)(spec.clone())
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let found = of_partitions(&*source).await;
    let rows: Vec<_> = found
        .iter()
        .map(|(partition, rows)| {
            (
                partition.clone(),
                rows.iter().map(|(_, text)| text.clone()).collect(),
            )
        })
        .collect();
    let make = async || Kind {
        info,
        spec: spec.clone(),
        rows: rows.clone(),
        endless: false,
    };
    check_source(make).await.assert_passed();
    found.into_iter().flat_map(|(_, rows)| rows).collect()
}

/// A row of a connector's case, which one text makes impossible to write.
#[derive(Debug)]
pub(crate) struct Text(String);

impl Text {
    pub(crate) const REFUSED: &str = "a row that cannot be written";

    pub(crate) fn all(rows: &[&str]) -> Vec<Text> {
        rows.iter().map(|row| Text((*row).to_owned())).collect()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 == Text::REFUSED {
            true => Err(serde::ser::Error::custom("it is not to be written")),
            false => serializer.serialize_str(&self.0),
        }
    }
}
