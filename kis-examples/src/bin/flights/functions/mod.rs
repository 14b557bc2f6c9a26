//! The functions that the flows are made of.

mod dimensions;
mod flights;
mod ranking;

pub use crate::rows::{Airline, Carrier, Departure, Flight, KnownDeparture, Plane};
pub use dimensions::*;
pub use flights::*;
pub use ranking::*;
