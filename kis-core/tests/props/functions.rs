//! The functions of the flows: each does one thing, and fails as often as the case says.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use kis_core::{conn::Table, prelude::*};

#[derive(Row, Clone)]
pub struct Item {
    /// The number of its partition.
    pub src: i64,
    /// Its number in the partition.
    pub n: i64,
    pub key: String,
    pub group: i64,
    /// Which row of its key it is, as step `fold` counts.
    pub nth: Option<i64>,
}

/// The rows that a state has seen, in their order: `src:n`.
#[derive(Clone, Default, State)]
#[state(ttl = "30d")]
pub struct Seen {
    pub rows: String,
}

impl Seen {
    /// Adds a row, and says the how manyth it is.
    fn add(&mut self, item: &Item) -> i64 {
        self.rows = format!("{} {}:{}", self.rows, item.src, item.n);
        self.rows.split_whitespace().count() as i64
    }
}

/// How a call fails for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Retry,
    Reject,
    Panic,
    Unavailable,
    Fatal,
}

/// A row by the number of its partition and its own.
pub type Id = (i64, i64);

/// What is outside of the flows, and outlives their crashes.
#[derive(Debug, Default)]
pub struct World {
    /// Which calls fail, how, and how often still.
    pub faults: Mutex<HashMap<(String, Id), (Fault, u32)>>,
    /// Rows that do not pass `look`.
    pub dropped: Vec<Id>,
    /// What left by a way that cannot be taken back.
    pub mailed: Mutex<HashMap<Id, u32>>,
}

impl World {
    /// Fails if this call for the row has to.
    fn enter(&self, step: &str, item: &Item) -> Result<()> {
        let mut faults = self.faults.lock().unwrap();
        let Some((fault, times)) = faults.get_mut(&(step.to_owned(), (item.src, item.n))) else {
            return Ok(());
        };
        if *times == 0 {
            return Ok(());
        }
        *times -= 1;
        let (fault, text) = (*fault, format!("row {}:{}", item.src, item.n));
        drop(faults);
        Err(match fault {
            Fault::Retry => Error::retry(text),
            Fault::Reject => Error::reject(text),
            Fault::Unavailable => Error::unavailable(text),
            Fault::Fatal => Error::fatal(text),
            Fault::Panic => panic!("{PANIC}"),
        })
    }

    /// The rows of a batch for which the call fails.
    fn enter_all(&self, step: &str, items: &[Item]) -> Vec<(usize, Error)> {
        let fails = |(i, item)| Some((i, self.enter(step, item).err()?));
        items.iter().enumerate().filter_map(fails).collect()
    }

    fn named(&self, step: &str, items: &[Item]) -> Result<()> {
        match self.enter_all(step, items) {
            bad if bad.is_empty() => Ok(()),
            bad => Err(Error::rows(bad)),
        }
    }

    fn whole(&self, step: &str, items: &[Item]) -> Result<()> {
        match self.enter_all(step, items).into_iter().next() {
            None => Ok(()),
            Some((_, error)) => Err(error),
        }
    }
}

/// What the functions say when they panic.
pub const PANIC: &str = "a function of the property tests panics";

type Outside = Ext<Arc<World>>;

#[kis_function(mode = "Verify")]
pub fn look(item: &Item, world: Outside) -> Result<bool> {
    world.enter("look", item)?;
    Ok(!world.dropped.contains(&(item.src, item.n)))
}

#[kis_function(mode = "Calculate")]
pub fn fold(mut item: Item, seen: &mut Seen, world: Outside) -> Result<Item> {
    item.nth = Some(seen.add(&item));
    world.enter("fold", &item)?;
    Ok(item)
}

#[kis_function(mode = "Calculate")]
pub fn fold_all(items: &[Item], seen: &mut Keyed<Seen>, world: Outside) -> Result<Vec<Item>> {
    let add = |item: &Item| Item {
        nth: Some(seen.of(item).add(item)),
        ..item.clone()
    };
    let added = items.iter().map(add).collect();
    world.named("fold_all", items)?;
    Ok(added)
}

#[kis_function(mode = "Load", conn = "done")]
pub async fn load(item: Item, table: &Conn<Table>, world: Outside) -> Result<Item> {
    let _ = table;
    tokio::task::yield_now().await;
    world.enter("load", &item).map(|()| item)
}

#[kis_function(mode = "Calculate")]
pub fn names(items: &[Item], world: Outside) -> Result<Vec<Item>> {
    world.named("names", items).map(|()| items.to_vec())
}

#[kis_function(mode = "Calculate")]
pub fn whole(items: &[Item], world: Outside) -> Result<Vec<Item>> {
    world.whole("whole", items).map(|()| items.to_vec())
}

fn put(items: &[Item], table: &Conn<Table>) -> Result<()> {
    for item in items {
        table.put((item.src, item.n), item)?;
    }
    Ok(())
}

/// Writes all rows before it says what is wrong with some.
#[kis_function(mode = "Save", conn = "saved")]
pub fn save_names(items: &[Item], table: &Conn<Table>, world: Outside) -> Result<()> {
    put(items, table)?;
    world.named("save_names", items)
}

#[kis_function(mode = "Save", conn = "saved_whole")]
pub fn save_whole(items: &[Item], table: &Conn<Table>, world: Outside) -> Result<()> {
    put(items, table)?;
    world.whole("save_whole", items)
}

#[kis_function(mode = "Save", conn = "out")]
pub fn write(items: &[Item], file: &Conn<FileSink>, world: Outside) -> Result<()> {
    file.write_all(items)?;
    world.whole("write", items)
}

/// What it did stands, whatever it returns.
#[kis_function(mode = "Expand")]
pub fn mail(items: &[Item], world: Outside) -> Result<()> {
    for item in items {
        world.enter("mail", item)?;
        *world
            .mailed
            .lock()
            .unwrap()
            .entry((item.src, item.n))
            .or_default() += 1;
    }
    Ok(())
}

#[kis_function(mode = "Calculate", key = "group")]
pub fn regroup(item: Item, seen: &mut Seen, world: Outside) -> Result<Item> {
    seen.add(&item);
    world.enter("regroup", &item).map(|()| item)
}

#[kis_function(mode = "Load", conn = "done")]
pub async fn load_again(item: Item, table: &Conn<Table>, world: Outside) -> Result<Item> {
    let _ = table;
    tokio::task::yield_now().await;
    world.enter("load_again", &item).map(|()| item)
}

#[kis_function(mode = "Save", conn = "done")]
pub fn finish(items: &[Item], table: &Conn<Table>, world: Outside) -> Result<()> {
    put(items, table)?;
    world.named("finish", items)
}
