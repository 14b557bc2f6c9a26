// A future travels between threads.

use kis_core::prelude::*;

#[derive(Row)]
pub struct Score {
    pub id: i64,
    pub score: i64,
}

async fn wait() {}

#[kis_function(mode = "Save")]
pub async fn save(rows: &[Score]) {
    let count = std::rc::Rc::new(rows.len());
    wait().await;
    let _ = count;
}

fn main() {}
