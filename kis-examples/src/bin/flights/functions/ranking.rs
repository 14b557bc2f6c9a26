//! What is printed when all flights are counted.

use kis_core::prelude::*;

use crate::rows::Carrier;

/// All carriers, the most punctual first.
#[kis_function(mode = "Load", conn = "carriers")]
pub fn rank_carriers(_: &Rows, carriers: &Conn<Table>) -> Result<Vec<Carrier>> {
    let mut ranked: Vec<Carrier> = carriers.scan()?.into_iter().map(|(_, carrier)| carrier).collect();
    ranked.sort_by(|a, b| a.mean_delay.total_cmp(&b.mean_delay));
    Ok(ranked)
}

/// Prints the carriers as a table.
#[kis_function(mode = "Expand")]
pub fn print_ranking(ranked: &[Carrier]) {
    println!(
        "{:<7} {:<28} {:>8} {:>10} {:>7}",
        "carrier", "name", "flights", "mean delay", "late"
    );
    for Carrier {
        carrier,
        name,
        flights,
        mean_delay,
        late_share,
        ..
    } in ranked
    {
        let percent = late_share * 100.0;
        println!("{carrier:<7} {name:<28} {flights:>8} {mean_delay:>10.1} {percent:>5.1} %");
    }
}
