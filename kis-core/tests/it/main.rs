//! Flows from YAML, run whole: what comes out, what is dropped, what becomes a dead letter.

#![expect(
    unreachable_pub,
    reason = "functions and rows of flows are public in a user's crate too"
)]

mod actions;
mod breaker;
mod budget;
mod check;
mod dlq;
mod failures;
mod follow;
mod hangs;
mod hung_rows;
mod killers;
mod letters;
mod order;
mod parking;
mod queue;
mod recovery;
mod restart;
mod state;
mod steps;
mod trials;
mod uncut;
mod whole;
