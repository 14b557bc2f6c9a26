//! The embedded store: one file that holds everything a flow must not lose.
//!
//! The engine opens it once for a process and is the only one that commits. One [`commit`](Store::commit) writes the
//! cuts of one or many flows in one durable transaction; reads see the last committed state. Layout (version 1):
//!
//! | table | key | value |
//! |---|---|---|
//! | `kis` | `format` | the version of this layout |
//! | `flows` | flow | [`FlowRecord`] |
//! | `positions` | (flow, source, partition) | the source's position |
//! | `notes` | (flow, connector) | what the connector noted in the cut |
//! | `states` | (flow, step) | [`StateRecord`] |
//! | `letters` | (flow, id) | [`Letter`] |
//! | `letter_order` | flow, place, id | nothing: the order in which letters came |
//! | `skips` | (flow, origin) | nothing: rows that may become letters whatever the policy says |
//! | `parked` | (flow, id) | [`ParkedRow`] |
//! | `state/FLOW/STEP` | key group, key | version, fingerprint, expiry, bytes |
//! | `table/NAME` | the row's key | the row |
//!
//! Composite keys are order-preserving tuples (see [`TableKey`]); records are self-describing MessagePack maps behind
//! a version byte, so that fields can be added.

mod commit;
mod cut;
mod error;
mod generation;
mod handle;
mod key;
mod layout;
mod letters;
mod lock;
mod open;
mod read;
mod record;
mod state;
mod tables;
mod trial;
mod writes;

pub use cut::{FlowCut, LaneCut, LetterBound, LetterWrite, ParkedWrite, StateValue, StateWrite};
pub use error::StoreError;
pub use handle::Store;
pub use key::{KeyPart, TableKey, show_key};
pub use layout::KEY_GROUPS;
pub use letters::LetterStock;
pub use record::{
    CsvDialect, FlowRecord, Letter, LetterId, ParkedRow, RunState, StateRecord, StoredRow, WasLetter,
};
pub use state::StoredState;
pub use tables::{FlowTables, FrozenTables, LaneTables};
pub use writes::TableRows;

#[cfg(test)]
mod tests;
