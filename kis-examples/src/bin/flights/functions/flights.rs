//! What happens to each flight.

use std::collections::BTreeMap;

use kis_core::prelude::*;

use crate::rows::{Airline, Carrier, Departure, Flight, KnownDeparture, Plane};

/// Why a flight does not count.
#[derive(Debug, KisError)]
pub enum NotFlown {
    /// It never left.
    #[kis(reject, "flight {carrier} {flight} from {origin} to {dest} was cancelled")]
    Cancelled {
        /// The code of its carrier.
        carrier: String,
        /// The number of the flight.
        flight: u32,
        /// The airport in New York.
        origin: String,
        /// The airport it was bound for.
        dest: String,
    },
}

/// Lets flights pass that left, and rejects those that were cancelled.
#[kis_function(mode = "Verify")]
pub fn has_left(flight: &Flight) -> Result<(), NotFlown> {
    if flight.dep_time.is_some() && flight.dep_delay.is_some() {
        return Ok(());
    }
    Err(NotFlown::Cancelled {
        carrier: flight.carrier.clone(),
        flight: flight.flight,
        origin: flight.origin.clone(),
        dest: flight.dest.clone(),
    })
}

/// What is still on time.
#[derive(Debug, Params)]
pub struct LateAfter {
    /// The largest delay that is not late yet, in minutes.
    #[param(default = 15, min = 0, max = 1440)]
    pub minutes: i32,
}

/// Says whether a flight left late.
#[kis_function(mode = "Calculate")]
pub fn judge_delay(flight: Flight, late_after: &Params<LateAfter>) -> Option<Departure> {
    let delay = flight.dep_delay?;
    Some(Departure {
        carrier: flight.carrier,
        tailnum: flight.tailnum,
        year: flight.year,
        delay,
        late: delay > late_after.minutes,
    })
}

/// Looks up the carrier's name and the age of the plane. A flight counts without them too.
#[kis_function(mode = "Load", conn(airlines = "airlines", planes = "planes"))]
pub fn look_up(
    departure: &Departure,
    airlines: &Conn<Table>,
    planes: &Conn<Table>,
) -> Result<KnownDeparture> {
    let airline: Option<Airline> = airlines.get(&departure.carrier)?;
    let plane: Option<Plane> = match &departure.tailnum {
        Some(tailnum) => planes.get(tailnum)?,
        None => None,
    };
    let built = plane.and_then(|plane| plane.year);
    Ok(KnownDeparture {
        carrier: departure.carrier.clone(),
        name: airline.map_or_else(|| departure.carrier.clone(), |airline| airline.name),
        plane_age: built.map(|built| departure.year - built),
        delay: departure.delay,
        late: departure.late,
    })
}

/// What is remembered of a carrier's flights. Sums of whole numbers, so that their order does not matter.
#[derive(Clone, Debug, Default, State)]
#[state(ttl = "400d")]
pub struct Sums {
    flights: u64,
    late: u64,
    delay: i64,
    known_planes: u64,
    plane_age: i64,
}

/// The carrier's figures, this flight included.
#[kis_function(mode = "Calculate")]
pub fn count_carrier(departure: KnownDeparture, sums: &mut Sums) -> Carrier {
    sums.flights += 1;
    sums.late += u64::from(departure.late);
    sums.delay += i64::from(departure.delay);
    if let Some(age) = departure.plane_age {
        sums.known_planes += 1;
        sums.plane_age += i64::from(age);
    }
    let flights = sums.flights as f64;
    Carrier {
        carrier: departure.carrier,
        name: departure.name,
        flights: sums.flights,
        mean_delay: sums.delay as f64 / flights,
        late_share: sums.late as f64 / flights,
        plane_age: (sums.known_planes > 0).then(|| sums.plane_age as f64 / sums.known_planes as f64),
    }
}

/// Puts the newest figures of each carrier into the table `carriers`.
#[kis_function(mode = "Save", conn = "carriers")]
pub fn save_carriers(rows: &[Carrier], carriers: &Conn<Table>) -> Result<()> {
    let newest: BTreeMap<&String, &Carrier> = rows.iter().map(|row| (&row.carrier, row)).collect();
    carriers.put_all(newest)?;
    Ok(())
}
