// A function is visible where flows! stands.

use kis_core::prelude::*;

pub mod functions {
    use kis_core::prelude::*;

    #[derive(Row)]
    pub struct Score {
        pub id: i64,
    }

    #[kis_function(mode = "Verify")]
    fn hidden(row: &Score) -> bool {
        row.id > 0
    }
}

pub const FLOWS: FlowSet = flows!("./function_not_visible/", functions = crate::functions);

fn main() {}
