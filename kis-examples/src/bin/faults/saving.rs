//! Functions that write rows where a test reads them.

use kis_core::prelude::*;

use crate::{
    conns::{Gate, Plain, Tripwire},
    counting::Item,
    trouble::Which,
};

/// Writes batches.
#[kis_function(mode = "Save", conn = "out")]
pub fn write(items: &[Item], out: &Conn<FileSink>) -> Result<()> {
    Ok(out.write_all(items)?)
}

/// Writes row by row; some rows fail a few times before they are written.
#[kis_function(mode = "Save", conn = "out")]
pub fn write_row(item: &Item, out: &Conn<FileSink>, which: &Params<Which>) -> Result<()> {
    if which.fails_now(item) {
        return Err(Error::retry("not yet"));
    }
    Ok(out.write(item)?)
}

/// Writes batches, and refuses those with a poisonous row when it has written half of them.
#[kis_function(mode = "Save", conn = "out")]
pub fn write_unless_poisoned(items: &[Item], out: &Conn<FileSink>, which: &Params<Which>) -> Result<()> {
    for item in items {
        if which.is(item) {
            return Err(Error::reject("poison"));
        }
        out.write(item)?;
    }
    Ok(())
}

/// The same, where nothing that was written is taken back.
#[kis_function(mode = "Save", conn = "plain")]
pub fn write_plain(items: &[Item], plain: &Conn<Plain>, which: &Params<Which>) -> Result<()> {
    for item in items {
        if which.is(item) {
            return Err(Error::reject("poison"));
        }
        plain.write(item)?;
    }
    Ok(())
}

/// Lets rows pass while the gate is open.
#[kis_function(mode = "Save", conn = "gate")]
pub fn pass(_: &[Item], gate: &Conn<Gate>) -> Result<()> {
    Ok(gate.pass()?)
}

/// Refuses every row while the gate is shut: a fault that looks like that of the rows.
#[kis_function(mode = "Save", conn = "gate")]
pub fn blame_rows(_: &Item, gate: &Conn<Gate>) -> Result<()> {
    gate.pass().map_err(|_| Error::reject("refused"))
}

/// Keeps the newest row of each key.
#[kis_function(mode = "Save", conn = "newest")]
pub fn keep_newest(items: &[Item], newest: &Conn<Table>) -> Result<()> {
    newest.put_all(items.iter().map(|item| (item.key, item)))?;
    Ok(())
}

/// Does nothing; its connector takes part in cuts.
#[kis_function(mode = "Save", conn = "tripwire")]
pub fn touch(_: &Item, _: &Conn<Tripwire>) {}
