//! The engine: readers, lanes and cuts.
//!
//! ```text
//! source partition -> reader -> head (any free worker) -> router (back in order) -> lanes by key -> steps -> cut -> commit
//! ```
//!
//! A batch runs to the end of its stage inside one lane. Markers travel with the rows; when every lane has met the
//! marker of a cut and frozen what changed, one store transaction writes the frozen parts and the positions, and only
//! then does a source hear how far everything is settled.

mod alone;
mod around;
mod aside;
mod ask;
mod attempt;
mod breaker;
mod budget;
mod build;
mod call;
mod chain;
mod conns;
mod cursor;
mod cut;
mod desk;
mod entry;
mod failure;
mod fault;
mod flow;
mod follow;
mod gate;
mod guards;
mod head;
mod heads;
mod inbox;
mod intake;
mod lane;
mod letters;
mod limit;
mod must;
mod options;
mod parcel;
mod parked;
mod reader;
mod redrive;
mod reentry;
mod router;
mod run;
mod running;
mod search;
mod seat;
mod sequence;
mod shelf;
mod single;
pub(crate) mod sources;
mod starts;
mod stored;
mod summary;
mod suspect;
mod threads;
mod tries;
mod uncut;
mod unpark;
mod waits;
mod watchdog;
mod withheld;
mod work;
mod writer;

pub(crate) use self::single::{Shared, SingleLane};
pub use self::{
    desk::Desk,
    fault::Fault,
    flow::FlowEnd,
    options::RunOptions,
    redrive::{Redrive, Redriven, disorder, may_return},
    run::{Engine, Stopper},
    stored::row_as_json,
    summary::{FlowSummary, Summary},
};
