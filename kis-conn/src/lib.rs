//! Sources and connectors of KIS flow: the contracts, the built-in ones, and the embedded store.
//!
//! * A [`Source`] is where a flow's rows come from: it has [`Partition`]s, hands out [`Block`]s of undecoded rows
//!   and can go on behind any [`Position`] it gave.
//! * A [`Connector`] is a named connection to an outside system; steps meet it through the client of their lane.
//! * The [`Store`] is one file that holds everything a flow must not lose: positions, keyed state, embedded tables,
//!   dead letters, parked rows. One [`Store::commit`] is one durable transaction.
//!
//! This crate knows no flow and no function: `kis-core` binds them.

mod connector;
mod error;
mod file;
mod generate;
mod io_future;
mod kinds;
mod known;
mod lane;
mod memory;
mod numbered;
mod position;
mod raw;
mod rows;
mod single;
mod sink;
mod source;
mod stdin;
mod stdout;
pub mod store;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
mod table;
mod unacked;

pub use connector::{AnyConnector, ConnSpec, Connector, ConnectorInfo, RawConnSpec};
pub use error::{Classify, ConnError, ErrorClass, OpenError, RowError, Variants};
pub use file::{FileClient, FileSink, FileSinkParams};
pub use io_future::{BoxFuture, OpenFn};
pub use kinds::{
    KindFeature, connector_kind_problem, connector_kinds, connectors, source_kind_features,
    source_kind_problem, source_kinds,
};
pub use known::KnownError;
pub use lane::{LaneContext, LaneLog};
pub use memory::{Memory, MemoryClient, MemoryQueue, memory_source};
pub use position::{Partition, Position, PositionText};
pub use raw::{CsvLayout, Layout, RawRows, RowsFrom};
pub use source::{BatchLimit, Block, Nature, Next, Reader, Source, SourceFacts, SourceInfo, SourceSpec};
pub use stdout::{Stdout, StdoutClient};
pub use store::{FlowTables, LaneCut, LaneTables, Store};
pub use table::{Table, TableClient, row_as_json};
pub use unacked::Unacked;

#[doc(hidden)]
pub mod __private {
    //! What the expansions of the macros name.
    pub use crate as kis_conn;
    pub use inventory;
    pub use kis_conf;
}
