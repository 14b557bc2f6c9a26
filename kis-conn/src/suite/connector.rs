//! The suite of connectors: what a case has to give, and which checks a connector's claims ask for.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::report::{Checks, Report};
use super::{calls, cuts};
use crate::{ConnError, Connector, Store};

/// A connector under test: an outside system of its own, how to open the connector on it, and how to write and see
/// rows. Rows are texts of up to 1 KB, all different, without line ends.
pub trait ConnectorUnderTest: Sync {
    /// The connector.
    type Connector: Connector;

    /// Opens it as a new process would, under this name and with this store. The one before is dropped then, without
    /// [`close`](Connector::close), as if its process had been killed.
    fn open(
        &self,
        name: &str,
        store: &Store,
    ) -> impl Future<Output = Result<Arc<Self::Connector>, ConnError>> + Send;

    /// Writes rows in one call, as a step that saves them does.
    fn write(
        &self,
        client: &<Self::Connector as Connector>::Client,
        rows: &[&str],
    ) -> impl Future<Output = Result<(), ConnError>> + Send;

    /// The rows that others find in the outside system, as the texts that were written. With
    /// [`CUTS`](Connector::CUTS) it is asked behind a cut only.
    fn rows(
        &self,
        connector: &Self::Connector,
    ) -> impl Future<Output = Result<Vec<String>, ConnError>> + Send;

    /// A row that is refused for what it is: too long, of another form, against a rule. Without it, the checks of
    /// failing rows are skipped.
    fn refused(&self) -> Option<&str> {
        None
    }

    /// Whether [`rows`](ConnectorUnderTest::rows) has the rows of a lane in the order in which they were written.
    fn keeps_order(&self) -> bool {
        true
    }

    /// Takes the outside system away (`true`) or brings it back. Returns false if this case cannot do that.
    fn set_down(&self, down: bool) -> impl Future<Output = bool> + Send {
        let _ = down;
        async { false }
    }

    /// How long a call may take, by the clock on the wall.
    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }
}

/// Checks a connector. `make` makes the case anew for each check: an outside system that is there and empty. Needs a
/// tokio runtime with its clock on.
///
/// ```
/// use std::sync::Arc;
/// use kis_conn::suite::{ConnectorUnderTest, check_connector};
/// use kis_conn::{ConnError, ConnSpec, Connector, Store, Table, TableClient};
///
/// struct Case(Store);
///
/// impl ConnectorUnderTest for Case {
///     type Connector = Table; // here: the connector of your own
///
///     async fn open(&self, name: &str, store: &Store) -> Result<Arc<Table>, ConnError> {
///         let spec = ConnSpec {
///             name: name.into(), place: None, addrs: vec![], key: Some("rows".into()), params: (),
///             base: "".into(), store: store.clone(),
///         };
///         Table::open(spec).await.map(Arc::new)
///     }
///
///     async fn write(&self, client: &TableClient, rows: &[&str]) -> Result<(), ConnError> {
///         client.put_all(rows.iter().map(|row| (*row, row)))
///     }
///
///     async fn rows(&self, _: &Table) -> Result<Vec<String>, ConnError> {
///         let mut rows = Vec::new();
///         self.0.table_scan("rows", |key, _| rows.push(kis_conn::store::show_key(key)))?;
///         Ok(rows)
///     }
///
///     fn keeps_order(&self) -> bool {
///         false // by key
///     }
/// }
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let report = check_connector(async |store: &Store| Case(store.clone())).await;
/// report.assert_passed();
/// assert!(report.passed().contains(&"crash"));
/// # });
/// ```
pub async fn check_connector<T: ConnectorUnderTest>(make: impl AsyncFn(&Store) -> T) -> Report {
    let store = Store::in_memory();
    let mut checks = Checks::new(make(&store).await.patience());
    calls::check(&mut checks, &make).await;
    if T::Connector::CUTS {
        cuts::check(&mut checks, &make).await;
    }
    checks.report
}
