// order.by and event_time name fields of the row.

use kis_core::prelude::*;

#[path = "../functions.rs"]
mod functions;

pub const FLOWS: FlowSet = flows!("./order_field_missing/", functions = crate::functions);

fn main() {}
