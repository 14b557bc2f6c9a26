//! The contract of a connector, its object-safe twin, and how one is opened from its document.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use kis_conf::{Param, Params, ParamsShape, Place};

use crate::{BoxFuture, ConnError, LaneContext, OpenError, OpenFn, Store};

/// A named connection to an outside system: opened once, shared by the flows and steps that name it.
///
/// Steps meet it as [`Client`](Connector::Client), one for each lane.
pub trait Connector: Sized + Send + Sync + 'static {
    /// The word after `type:` in YAML.
    const KIND: &'static str;
    /// Whether a failed batch call leaves nothing behind, so that its halves can be sent again.
    const ATOMIC_BATCH: bool = false;
    /// Whether what is written is taken back at a restart to what the last cut covers (see
    /// [`cut`](Connector::cut)), so that a flow that saves here stays `effectively_once`.
    const CUTS: bool = false;
    /// Whether only one flow may write to one connection.
    const ONE_FLOW: bool = false;
    /// What stands under `params:` in its document.
    type Params: Params;
    /// What a step of one lane holds.
    type Client: Send + Sync + 'static;

    /// Opens the connection.
    fn open(spec: ConnSpec<Self::Params>) -> impl Future<Output = Result<Self, ConnError>> + Send;

    /// The client of a lane. A client that keeps anything between calls enlists a [`LaneLog`](crate::LaneLog).
    fn client(&self, lane: &LaneContext) -> Self::Client;

    /// Whether the outside system answers.
    fn ping(&self) -> impl Future<Output = Result<(), ConnError>> + Send {
        async { Ok(()) }
    }

    /// All lanes of the flow froze: make durable what belongs to the cut. What it returns is stored in the cut and
    /// given to [`restore`](Connector::restore) when the flow starts again. Called again if it failed.
    fn cut(&self) -> impl Future<Output = Result<Option<Vec<u8>>, ConnError>> + Send {
        async { Ok(None) }
    }

    /// The flow starts: take back what its last cut does not cover. `None`: the flow has no cut with a note of this
    /// connector. Called before the first client.
    fn restore(&self, note: Option<&[u8]>) -> impl Future<Output = Result<(), ConnError>> + Send {
        let _ = note;
        async { Ok(()) }
    }

    /// The flow is to start anew (`--fresh`), and its notes are about to be forgotten: what it wrote here as of `note`
    /// may go, what was there before stays. Called before [`restore`](Connector::restore) with `None`.
    fn fresh(&self, note: &[u8]) -> impl Future<Output = Result<(), ConnError>> + Send {
        let _ = note;
        async { Ok(()) }
    }

    /// Gives back what was opened.
    fn close(&self) -> impl Future<Output = Result<(), ConnError>> + Send {
        async { Ok(()) }
    }
}

/// What a connector is opened with: its document.
#[derive(Clone, Debug)]
pub struct ConnSpec<P> {
    /// The connector's name, `cname:`.
    pub name: String,
    /// Where its document begins; nothing for one made in a program.
    pub place: Option<Place>,
    /// `addrs:`, one by one.
    pub addrs: Vec<String>,
    /// `key:`.
    pub key: Option<String>,
    /// `params:`, read.
    pub params: P,
    /// Relative paths begin here.
    pub base: PathBuf,
    /// The embedded store.
    pub store: Store,
}

/// A [`ConnSpec`] whose params are not read yet.
pub type RawConnSpec = ConnSpec<Vec<Param>>;

/// A [`Connector`] of any type.
pub trait AnyConnector: Send + Sync + 'static {
    /// The word after `type:` in YAML.
    fn kind(&self) -> &'static str;
    /// The client of a lane: an `Arc` of the connector's `Client` type.
    fn client(&self, lane: &LaneContext) -> Arc<dyn Any + Send + Sync>;
    /// See [`Connector::ping`].
    fn ping(&self) -> BoxFuture<'_, Result<(), ConnError>>;
    /// See [`Connector::cut`].
    fn cut(&self) -> BoxFuture<'_, Result<Option<Vec<u8>>, ConnError>>;
    /// See [`Connector::restore`].
    fn restore<'a>(&'a self, note: Option<&'a [u8]>) -> BoxFuture<'a, Result<(), ConnError>>;
    /// See [`Connector::fresh`].
    fn fresh<'a>(&'a self, note: &'a [u8]) -> BoxFuture<'a, Result<(), ConnError>>;
    /// See [`Connector::close`].
    fn close(&self) -> BoxFuture<'_, Result<(), ConnError>>;
    /// The connector itself, for those who know its type.
    fn as_any(&self) -> &dyn Any;
}

impl<C: Connector> AnyConnector for C {
    fn kind(&self) -> &'static str {
        C::KIND
    }

    fn client(&self, lane: &LaneContext) -> Arc<dyn Any + Send + Sync> {
        Arc::new(Connector::client(self, lane))
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnError>> {
        Box::pin(Connector::ping(self))
    }

    fn cut(&self) -> BoxFuture<'_, Result<Option<Vec<u8>>, ConnError>> {
        Box::pin(Connector::cut(self))
    }

    fn restore<'a>(&'a self, note: Option<&'a [u8]>) -> BoxFuture<'a, Result<(), ConnError>> {
        Box::pin(Connector::restore(self, note))
    }

    fn fresh<'a>(&'a self, note: &'a [u8]) -> BoxFuture<'a, Result<(), ConnError>> {
        Box::pin(Connector::fresh(self, note))
    }

    fn close(&self) -> BoxFuture<'_, Result<(), ConnError>> {
        Box::pin(Connector::close(self))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A connector type as the registry knows it. `#[connector]` registers one for types of your own.
#[derive(Clone, Copy)]
pub struct ConnectorInfo {
    /// The word after `type:` in YAML.
    pub kind: &'static str,
    /// The Rust type.
    pub type_name: fn() -> &'static str,
    /// What may stand under `params:`.
    pub params: &'static ParamsShape,
    /// See [`Connector::ATOMIC_BATCH`].
    pub atomic_batch: bool,
    /// See [`Connector::CUTS`].
    pub cuts: bool,
    /// See [`Connector::ONE_FLOW`].
    pub one_flow: bool,
    /// Where the type is defined, `src/redis.rs:9`.
    pub at: &'static str,
    /// Reads the params and opens a connection.
    pub open: OpenFn<RawConnSpec, dyn AnyConnector>,
}

impl ConnectorInfo {
    /// The facts of connector type `C`, defined at `at`.
    pub const fn of<C: Connector>(at: &'static str) -> Self {
        ConnectorInfo {
            kind: C::KIND,
            type_name: std::any::type_name::<C>,
            params: <C::Params as Params>::SHAPE,
            atomic_batch: C::ATOMIC_BATCH,
            cuts: C::CUTS,
            one_flow: C::ONE_FLOW,
            at,
            open: open::<C>,
        }
    }
}

impl fmt::Debug for ConnectorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorInfo")
            .field("kind", &self.kind)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

inventory::collect!(ConnectorInfo);

fn open<C: Connector>(spec: RawConnSpec) -> BoxFuture<'static, Result<Arc<dyn AnyConnector>, OpenError>> {
    Box::pin(async move {
        let place = spec.place.clone().unwrap_or_else(|| made_here(&spec.name));
        let params = C::Params::read(&spec.params, &place)?;
        let ConnSpec {
            name,
            place,
            addrs,
            key,
            base,
            store,
            ..
        } = spec;
        let conn = C::open(ConnSpec {
            name,
            place,
            addrs,
            key,
            params,
            base,
            store,
        })
        .await?;
        Ok(Arc::new(conn) as Arc<dyn AnyConnector>)
    })
}

/// A place for messages about a connector that no file names.
fn made_here(name: &str) -> Place {
    Place {
        file: Arc::from(format!("conn {name}")),
        line: 1,
        column: 1,
    }
}
