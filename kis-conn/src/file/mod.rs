//! Files as source and as connector: JSON lines, CSV and plain lines; compressed ones and whole folders to read.

mod chunk;
mod fingerprint;
mod head;
mod params;
mod place;
mod reader;
mod sink;
mod source;
mod target;
mod unpack;
#[cfg(feature = "zstd")]
mod zstd;

pub(crate) use chunk::{Amount, Chunk, Chunks};
pub(crate) use head::{Start, Text, begin, layout};
pub(crate) use params::FileParams;
pub(crate) use reader::rows_that_fit;
pub use sink::{FileClient, FileSink, FileSinkParams};
pub(crate) use source::SOURCE;

#[cfg(test)]
mod tests;
