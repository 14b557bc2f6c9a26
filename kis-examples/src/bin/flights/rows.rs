//! What the flows of this example carry.

use kis_core::prelude::*;

/// A carrier, as `airlines.csv` has it.
#[derive(Debug, Row)]
pub struct Airline {
    /// Its code, two characters.
    pub carrier: String,
    /// Its name.
    pub name: String,
}

/// A plane, as `planes.csv` has it. Columns that are not named here are not read.
#[derive(Debug, Row)]
pub struct Plane {
    /// The number on its tail.
    pub tailnum: String,
    /// The year in which it was built, if the registry knows it.
    pub year: Option<i32>,
}

/// A flight that was planned, as `flights.csv` has it.
#[derive(Debug, Row)]
pub struct Flight {
    /// The year of its departure.
    pub year: i32,
    /// The code of its carrier.
    pub carrier: String,
    /// The number of the flight.
    pub flight: u32,
    /// The number on the plane's tail.
    pub tailnum: Option<String>,
    /// The airport in New York.
    pub origin: String,
    /// The airport it was bound for.
    pub dest: String,
    /// When it left, as hours and minutes; nothing if it was cancelled.
    pub dep_time: Option<u16>,
    /// How many minutes too late it left; negative is early.
    pub dep_delay: Option<i32>,
    /// The hour in which it was to leave.
    pub time_hour: Timestamp,
}

/// A flight that left.
#[derive(Debug, Row)]
pub struct Departure {
    /// The code of its carrier.
    pub carrier: String,
    /// The number on the plane's tail.
    pub tailnum: Option<String>,
    /// The year of its departure.
    pub year: i32,
    /// How many minutes too late it left; negative is early.
    pub delay: i32,
    /// It left more than 15 minutes too late.
    pub late: bool,
}

/// A flight that left, with what the tables know about it.
#[derive(Debug, Row)]
pub struct KnownDeparture {
    /// The code of its carrier.
    pub carrier: String,
    /// The name of its carrier; the code if the table of airlines does not know it.
    pub name: String,
    /// How old the plane was, in years; nothing if the table of planes does not know it.
    pub plane_age: Option<i32>,
    /// How many minutes too late it left; negative is early.
    pub delay: i32,
    /// It left more than 15 minutes too late.
    pub late: bool,
}

/// The running figures of a carrier, over all its flights that left so far.
#[derive(Debug, Row)]
pub struct Carrier {
    /// Its code.
    pub carrier: String,
    /// Its name.
    pub name: String,
    /// How many flights left.
    pub flights: u64,
    /// The mean of their delays, in minutes.
    pub mean_delay: f64,
    /// The share of them that left more than 15 minutes too late, from 0 to 1.
    pub late_share: f64,
    /// The mean age of the planes that are known, in years.
    pub plane_age: Option<f64>,
}
