//! Compressed files: recognised by their first bytes, unpacked while they are read.

use std::fs::File;
use std::io::Read;

use crate::ConnError;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// How a file with this name and these first bytes is packed. The bytes decide; the name only where there are
    /// none that speak against it.
    pub(super) fn of(name: &str, first: &[u8]) -> Packing {
        match first {
            [0x1F, 0x8B, ..] => Packing::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Packing::Zstd,
            // A frame to be skipped, with which zstd archives may begin.
            [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Packing::Zstd,
            [] if name.ends_with(".gz") => Packing::Gzip,
            [] if name.ends_with(".zst") => Packing::Zstd,
            _ => Packing::Plain,
        }
    }

    /// The unpacked text of a file that is read from its start.
    pub(super) fn unpack(self, name: &str, file: File) -> Result<Box<dyn Read + Send>, ConnError> {
        match self {
            Packing::Plain => Ok(Box::new(file)),
            Packing::Gzip => gzip(name, file),
            Packing::Zstd => zstd(name, file),
        }
    }
}

/// What is said when the feature that unpacks a file is off.
#[cfg(not(all(feature = "gzip", feature = "zstd")))]
fn needs_feature(name: &str, feature: &str) -> ConnError {
    let code = kis_conf::Code::NeedsFeature;
    let message = format!("{name}: [{code}] a {feature} file needs the feature {feature} of kis-core");
    ConnError::fatal("needs_feature", message)
}

#[cfg(feature = "gzip")]
fn gzip(_name: &str, file: File) -> Result<Box<dyn Read + Send>, ConnError> {
    let file = std::io::BufReader::with_capacity(PACKED_BUFFER, file);
    Ok(Box::new(flate2::bufread::MultiGzDecoder::new(file)))
}

#[cfg(not(feature = "gzip"))]
fn gzip(name: &str, _file: File) -> Result<Box<dyn Read + Send>, ConnError> {
    Err(needs_feature(name, "gzip"))
}

#[cfg(feature = "zstd")]
fn zstd(_name: &str, file: File) -> Result<Box<dyn Read + Send>, ConnError> {
    Ok(Box::new(super::zstd::Frames::new(file)))
}

#[cfg(not(feature = "zstd"))]
fn zstd(name: &str, _file: File) -> Result<Box<dyn Read + Send>, ConnError> {
    Err(needs_feature(name, "zstd"))
}

/// Packed bytes are read this many at once.
#[cfg(any(feature = "gzip", feature = "zstd"))]
pub(super) const PACKED_BUFFER: usize = 128 << 10;
