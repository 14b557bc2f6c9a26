//! The suite of sources: what a case has to give, and which checks its kind has to pass.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::handles;
use super::log;
use super::queue;
use super::reading::{Came, End, Hand};
use super::report::{Checks, During, Report, Verdict, ensure};
use super::rows;
use crate::{BatchLimit, Nature, OpenError, Partition, Position, PositionText, Source, SourceFacts};

/// A source under test: an outside system that holds some rows, and how to open the source on it.
///
/// Give it at least seven rows in one partition; with fewer some checks say little.
pub trait SourceUnderTest: Sync {
    /// Opens the source as a new process would. The handle before is dropped then, without
    /// [`close`](Source::close), as if its process had been killed.
    fn open(&self) -> impl Future<Output = Result<Arc<dyn Source>, OpenError>> + Send;

    /// The rows of each partition, by its name, as the text of their bytes. A source that sends the rows of one process
    /// only (stdin) has these for each process.
    fn rows(&self) -> Vec<(String, Vec<String>)>;

    /// How people write its positions, [`SourceInfo::positions`](crate::SourceInfo::positions), if they can.
    fn positions(&self) -> Option<PositionText> {
        None
    }

    /// Takes the outside system away (`true`) or brings it back. Returns false if this case cannot do that.
    fn set_down(&self, down: bool) -> impl Future<Output = bool> + Send {
        let _ = down;
        async { false }
    }

    /// Whether more rows follow behind those of [`rows`](SourceUnderTest::rows) at once, for ever.
    fn endless(&self) -> bool {
        false
    }

    /// How long a call that is to give something may take, by the clock on the wall.
    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }
}

/// One case, newly made, for one check.
pub(super) struct Bench<T> {
    pub(super) case: T,
    /// The rows that each partition should give.
    pub(super) rows: Vec<(Partition, Vec<String>)>,
    pub(super) facts: SourceFacts,
    pub(super) end: End,
    pub(super) patience: Duration,
}

impl<T: SourceUnderTest> Bench<T> {
    async fn new(case: T) -> Verdict<Self> {
        let facts = case.open().await.during("opening")?.facts();
        let rows = case.rows().into_iter();
        Ok(Bench {
            rows: rows.map(|(name, rows)| (Partition::new(name), rows)).collect(),
            facts,
            end: match (facts.bounded, case.endless()) {
                (true, _) => End::Ended,
                (false, false) => End::Waits,
                (false, true) => End::Never,
            },
            patience: case.patience(),
            case,
        })
    }

    /// A new process.
    pub(super) async fn open(&self) -> Verdict<Arc<dyn Source>> {
        self.case.open().await.during("opening")
    }

    pub(super) async fn read(
        &self,
        source: &dyn Source,
        partition: &Partition,
        from: Option<&Position>,
    ) -> Verdict<Hand> {
        Hand::open(source, partition, from, self.patience).await
    }

    /// Everything behind a position, of which there should be `count` rows.
    pub(super) async fn rest(
        &self,
        source: &dyn Source,
        partition: &Partition,
        from: Option<&Position>,
        count: usize,
    ) -> Verdict<Vec<Came>> {
        let mut hand = self.read(source, partition, from).await?;
        hand.rest(BatchLimit::default(), count, self.end).await
    }

    pub(super) fn is_queue(&self) -> bool {
        self.facts.nature == Nature::Queue
    }
}

/// Checks a source. `make` makes the case anew for each check: an outside system with its rows, from which nobody has
/// read yet. Needs a tokio runtime with its clock on.
///
/// ```
/// use std::sync::Arc;
/// use kis_conn::suite::{SourceUnderTest, check_source};
/// use kis_conn::{Layout, OpenError, Source, memory_source};
///
/// struct Scores;
///
/// impl SourceUnderTest for Scores {
///     async fn open(&self) -> Result<Arc<dyn Source>, OpenError> {
///         // Here: the source of your own.
///         Ok(memory_source("scores", Layout::Raw, (1..=9).map(|i| format!("row {i}"))))
///     }
///
///     fn rows(&self) -> Vec<(String, Vec<String>)> {
///         vec![("scores".into(), (1..=9).map(|i| format!("row {i}")).collect())]
///     }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let report = check_source(async || Scores).await;
/// report.assert_passed();
/// assert!(report.passed().contains(&"redelivery"));
/// # });
/// ```
pub async fn check_source<T: SourceUnderTest>(make: impl AsyncFn() -> T) -> Report {
    let case = make().await;
    let mut checks = Checks::new(case.patience());
    let mut facts = None;
    checks
        .check(
            "open",
            "a source opens, and its facts are the same each time",
            open(&case, &mut facts),
        )
        .await;
    drop(case);
    let Some(facts) = facts else {
        return checks.report;
    };
    rows::check(&mut checks, &make).await;
    handles::check(&mut checks, &make).await;
    match facts {
        SourceFacts {
            replayable: false, ..
        } => handles::check_numbers_go_on(&mut checks, &make).await,
        SourceFacts {
            nature: Nature::Queue,
            ..
        } => queue::check(&mut checks, &make).await,
        _ => log::check(&mut checks, &make).await,
    }
    checks.report
}

/// Makes a case and does one check with it.
pub(super) async fn with<T: SourceUnderTest>(
    make: &impl AsyncFn() -> T,
    work: impl AsyncFnOnce(Bench<T>) -> Verdict,
) -> Verdict {
    work(Bench::new(make().await).await?).await
}

async fn open<T: SourceUnderTest>(case: &T, found: &mut Option<SourceFacts>) -> Verdict {
    let first = case.open().await.during("opening")?.facts();
    let second = case.open().await.during("opening again")?.facts();
    *found = Some(second);
    ensure(first == second, || {
        format!("first it said {first:?}, then {second:?}")
    })
}
