//! What makes a file the same one as before: a hash of its first bytes, which appending does not change.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use xxhash_rust::xxh3::xxh3_64;

/// At most this many of a file's first bytes count.
const BYTES: u64 = 1024;

/// The hash of the first `len` bytes of a file. A file that was shorter when it was read first has a shorter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) len: u16,
    pub(super) hash: u64,
}

impl Fingerprint {
    /// The fingerprint of the file as it is now.
    pub(super) fn of(file: &File) -> io::Result<Fingerprint> {
        let len = file.metadata()?.len().min(BYTES);
        Ok(Fingerprint {
            len: len as u16,
            hash: hash(file, len)?,
        })
    }

    /// Whether this file is the one the fingerprint was taken of, or has grown from it.
    pub(super) fn fits(&self, file: &File) -> io::Result<bool> {
        let len = u64::from(self.len);
        Ok(file.metadata()?.len() >= len && hash(file, len)? == self.hash)
    }
}

fn hash(file: &File, len: u64) -> io::Result<u64> {
    let mut bytes = vec![0; len as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(xxh3_64(&bytes))
}
