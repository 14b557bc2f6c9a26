// A row has fields.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {}

fn main() {}
