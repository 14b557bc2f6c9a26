//! Functions that panic, hang, fail, are slow, and end the process.

use std::{
    collections::HashMap,
    future::pending,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use kis_core::prelude::*;

use crate::counting::{Item, Tally};

/// Which rows make trouble. Without any of these, none.
#[derive(Debug, Params)]
pub struct Which {
    /// Every so many rows of a key.
    #[param(default = 0, min = 0)]
    pub every: i64,
    /// Only of every so many keys.
    #[param(default = 1, min = 1)]
    pub keys: i64,
    /// All rows of this key.
    #[param(default = -1)]
    pub key: i64,
    /// How often a row fails before it works.
    #[param(default = 2, min = 0)]
    pub times: u32,
}

impl Which {
    /// Whether a row makes trouble.
    pub fn is(&self, item: &Item) -> bool {
        let nth = self.every > 0 && item.seq % self.every == 0 && item.key % self.keys == 0;
        item.key == self.key || nth
    }

    /// Whether a row fails this time: it does so often, in this process.
    pub fn fails_now(&self, item: &Item) -> bool {
        static FAILED: LazyLock<Mutex<HashMap<(i64, i64), u32>>> = LazyLock::new(Mutex::default);
        if !self.is(item) {
            return false;
        }
        let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
        let times = failed.entry((item.key, item.seq)).or_default();
        *times += 1;
        *times <= self.times
    }
}

/// Panics on some rows.
#[kis_function(mode = "Verify")]
pub fn panics(item: &Item, which: &Params<Which>) -> bool {
    assert!(
        !which.is(item),
        "row {} of key {} is unbearable",
        item.seq,
        item.key
    );
    true
}

/// Panics on batches with such a row.
#[kis_function(mode = "Verify")]
pub fn panics_on_batch(items: &[Item], which: &Params<Which>) -> Result<()> {
    assert!(
        !items.iter().any(|item| which.is(item)),
        "the batch is unbearable"
    );
    Ok(())
}

/// Refuses some rows.
#[kis_function(mode = "Verify")]
pub fn refuses(item: &Item, which: &Params<Which>) -> Result<()> {
    match which.is(item) {
        true => Err(Error::reject("refused")),
        false => Ok(()),
    }
}

/// Fails on some rows, always.
#[kis_function(mode = "Verify")]
pub fn fails(item: &Item, which: &Params<Which>) -> Result<()> {
    match which.is(item) {
        true => Err(Error::retry("not now, and never")),
        false => Ok(()),
    }
}

/// Fails a few times on some rows, and then works.
#[kis_function(mode = "Verify")]
pub fn fails_at_first(item: &Item, which: &Params<Which>) -> Result<()> {
    match which.fails_now(item) {
        true => Err(Error::retry("not yet")),
        false => Ok(()),
    }
}

/// Fails a few times on batches with such a row, and then works.
#[kis_function(mode = "Verify")]
pub fn fails_at_first_on_batch(items: &[Item], which: &Params<Which>) -> Result<()> {
    match items.iter().filter(|item| which.fails_now(item)).count() > 0 {
        true => Err(Error::retry("not yet")),
        false => Ok(()),
    }
}

/// Counts a row, and fails a few times on some after it has counted them.
#[kis_function(mode = "Calculate")]
pub fn count_and_fail(item: &Item, tally: &mut Tally, which: &Params<Which>) -> Result<Item> {
    let nth = tally.count();
    match which.fails_now(item) {
        true => Err(Error::retry("counted, and failed")),
        false => Ok(Item { nth, ..item.clone() }),
    }
}

/// Counts a row, and panics on some after it has counted them.
#[kis_function(mode = "Calculate")]
pub fn count_and_panic(item: &Item, tally: &mut Tally, which: &Params<Which>) -> Item {
    let nth = tally.count();
    assert!(!which.is(item), "counted, and panicked");
    Item { nth, ..item.clone() }
}

/// Counts a batch, and then fails a few times if it has such a row.
#[kis_function(mode = "Calculate")]
pub fn count_batch_and_fail(
    items: &[Item],
    tallies: &mut Keyed<Tally>,
    which: &Params<Which>,
) -> Result<Vec<Item>> {
    let counted = items.iter().map(|item| Item {
        nth: tallies.of(item).count(),
        ..item.clone()
    });
    let counted = counted.collect();
    match items.iter().filter(|item| which.fails_now(item)).count() > 0 {
        true => Err(Error::retry("counted, and failed")),
        false => Ok(counted),
    }
}

/// Counts a batch, and then does not come back a few times if it has such a row.
#[kis_function(mode = "Calculate")]
pub async fn count_batch_and_hang(
    items: &[Item],
    tallies: &mut Keyed<Tally>,
    which: &Params<Which>,
) -> Result<Vec<Item>> {
    let counted = items.iter().map(|item| Item {
        nth: tallies.of(item).count(),
        ..item.clone()
    });
    let counted = counted.collect();
    if items.iter().filter(|item| which.fails_now(item)).count() > 0 {
        pending::<()>().await;
    }
    Ok(counted)
}

/// Never comes back from some rows.
#[kis_function(mode = "Verify")]
pub async fn hangs(item: &Item, which: &Params<Which>) -> Result<()> {
    if which.is(item) {
        pending::<()>().await;
    }
    Ok(())
}

/// Never comes back from some rows, on a thread of its own.
#[kis_function(mode = "Verify", blocking)]
pub fn blocks(item: &Item, which: &Params<Which>) -> Result<()> {
    while which.is(item) {
        std::thread::park();
    }
    Ok(())
}

/// How slow a step is.
#[derive(Debug, Params)]
pub struct Slow {
    /// How long each batch takes.
    #[param(default = 1, min = 0)]
    pub millis: u64,
    /// For so long after its first batch; 0 is for ever.
    #[param(default = 0, min = 0)]
    pub until: u64,
}

/// Takes its time.
#[kis_function(mode = "Verify", blocking)]
#[expect(
    clippy::disallowed_methods,
    reason = "it is to be slow, on a thread of its own"
)]
pub fn dawdles(_: &[Item], slow: &Params<Slow>) {
    static SINCE: LazyLock<Instant> = LazyLock::new(Instant::now);
    if slow.until == 0 || SINCE.elapsed() < Duration::from_millis(slow.until) {
        std::thread::sleep(Duration::from_millis(slow.millis));
    }
}
