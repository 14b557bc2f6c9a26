//! Steps over orders. Each prints what it was given and what it tells the flow.

use kis_core::prelude::*;

/// An order of a customer.
#[derive(Clone, Debug, Row)]
pub struct Order {
    /// Its number.
    pub id: u32,
    /// What it costs.
    pub total: f64,
    /// What the customer can pay.
    pub budget: f64,
}

/// An order with the price that we ask for.
#[derive(Debug, Row)]
pub struct Offer {
    /// The number of the order.
    pub id: u32,
    /// The price.
    pub price: f64,
    /// What the customer can pay.
    pub budget: f64,
}

/// Ends the run when an order costs nothing: no later step sees it.
#[kis_function(mode = "Verify")]
pub fn stop_free_orders(orders: &[Order]) -> Outcome {
    for order in orders {
        if order.total == 0.0 {
            println!("stop_free_orders: order {} is free; abort", order.id);
            return Outcome::abort();
        }
        println!("stop_free_orders: order {} costs {}", order.id, order.total);
    }
    Outcome::next()
}

/// Computes the tax and says it. The next step does not need it: it is given the orders again.
#[kis_function(mode = "Calculate", reuse)]
pub fn say_tax(orders: Vec<Order>) -> Outcome<Order> {
    for order in orders {
        println!(
            "say_tax: order {} holds a tax of {}; reuse",
            order.id,
            order.total * 0.2
        );
    }
    Outcome::reuse()
}

/// Keeps large orders. When there is none, the next step is called all the same.
#[kis_function(mode = "Verify")]
pub fn keep_large(orders: Vec<Order>) -> Outcome<Order> {
    let large: Vec<Order> = orders.into_iter().filter(|order| order.total >= 100.0).collect();
    if large.is_empty() {
        println!("keep_large: nothing is large; force-next");
        return Outcome::force_next();
    }
    Outcome::rows(large)
}

/// Says how many orders there are, and none too.
#[kis_function(mode = "Expand")]
pub fn count_orders(orders: &[Order]) {
    println!("count_orders: {} in this run", orders.len());
}

/// Offers the orders with a discount, 10 % more each time it is asked.
#[kis_function(mode = "Calculate")]
pub fn make_offer(orders: &[Order], meta: &Meta) -> Vec<Offer> {
    let asked = meta
        .flow()
        .get("asked")
        .and_then(|asked| asked.parse().ok())
        .unwrap_or(0);
    meta.flow().set("asked", (asked + 1).to_string());
    let percent = 100 - 10 * asked;
    let offer = |order: &Order| {
        let price = order.total * f64::from(percent) / 100.0;
        println!("make_offer: order {} at {percent} % for {price}", order.id);
        Offer {
            id: order.id,
            price,
            budget: order.budget,
        }
    };
    orders.iter().map(offer).collect()
}

/// Asks for a better offer until the customer can pay it.
#[kis_function(mode = "Verify", jumps(make_offer))]
pub fn wait_for_good_offer(offers: &[Offer], meta: &Meta) -> Outcome {
    if let Some(offer) = offers.iter().find(|offer| offer.price > offer.budget) {
        println!(
            "wait_for_good_offer: order {} has {} to spend; jump back",
            offer.id, offer.budget
        );
        return Outcome::jump::<make_offer>();
    }
    meta.flow().remove("asked");
    Outcome::next()
}

/// Prints what goes to the customer.
#[kis_function(mode = "Expand")]
pub fn send_offer(offer: &Offer) {
    println!("send_offer: order {} for {}", offer.id, offer.price);
}

/// Prints what is delivered.
#[kis_function(mode = "Expand")]
pub fn deliver(order: &Order) {
    println!("deliver: order {}", order.id);
}
