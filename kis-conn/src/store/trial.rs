//! A file seen through a layer that keeps all writes in memory: to try whether a store opens without touching it.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use parking_lot::Mutex;
use redb::StorageBackend;

const BLOCK: u64 = 4096;

/// Reads from the file; what is written stays here and is gone when this is dropped.
#[derive(Debug)]
pub(super) struct Trial {
    file: File,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    len: u64,
    /// How much of the file still counts: it shrinks with `len` and never grows again.
    from_file: u64,
    written: HashMap<u64, Vec<u8>>,
}

impl Trial {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Trial {
            file,
            state: Mutex::new(State {
                len,
                from_file: len,
                written: HashMap::new(),
            }),
        })
    }

    fn block(&self, state: &State, index: u64) -> io::Result<Vec<u8>> {
        if let Some(block) = state.written.get(&index) {
            return Ok(block.clone());
        }
        let mut block = vec![0; BLOCK as usize];
        let start = index * BLOCK;
        let there = state.from_file.saturating_sub(start).min(BLOCK) as usize;
        self.file.read_exact_at(&mut block[..there], start)?;
        Ok(block)
    }
}

impl StorageBackend for Trial {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state.lock().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state.lock();
        if offset + out.len() as u64 > state.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (index, range) in blocks(offset, out.len()) {
            let block = self.block(&state, index)?;
            let within = (offset + range.start as u64 - index * BLOCK) as usize;
            let count = range.len();
            out[range].copy_from_slice(&block[within..within + count]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state.lock();
        state.from_file = state.from_file.min(len);
        state.len = len;
        state.written.retain(|index, _| index * BLOCK < len);
        if let Some(block) = state.written.get_mut(&(len / BLOCK)) {
            block[(len % BLOCK) as usize..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock();
        state.len = state.len.max(offset + data.len() as u64);
        for (index, range) in blocks(offset, data.len()) {
            let mut block = self.block(&state, index)?;
            let within = (offset + range.start as u64 - index * BLOCK) as usize;
            block[within..within + range.len()].copy_from_slice(&data[range]);
            state.written.insert(index, block);
        }
        Ok(())
    }
}

/// The blocks that `count` bytes from `offset` touch, each with the part of the bytes that lies in it.
fn blocks(offset: u64, count: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>)> {
    let end = offset + count as u64;
    (offset / BLOCK..end.div_ceil(BLOCK)).map(move |index| {
        let from = offset.max(index * BLOCK);
        let to = end.min((index + 1) * BLOCK);
        (index, (from - offset) as usize..(to - offset) as usize)
    })
}
