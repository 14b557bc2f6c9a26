// A mistake in a function is not reported again where the flow names it.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
}

pub mod functions {
    use super::Score;
    use kis_core::prelude::*;

    #[kis_function(mode = "Vrify")]
    pub fn broken(row: &Score) -> bool {
        row.id > 0
    }

    #[kis_function(mode = "Verify")]
    pub fn whole(row: &Score) -> bool {
        row.id > 0
    }
}

pub const FLOWS: FlowSet = flows!("./broken_function/", functions = [crate::functions]);

fn main() {}
