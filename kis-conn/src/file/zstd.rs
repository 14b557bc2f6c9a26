//! Unpacks zstd files, which are frames in a row; the decoder knows one frame.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::unpack::PACKED_BUFFER;

/// Reads frame after frame and checks the checksum of those that have one.
pub(super) struct Frames {
    file: BufReader<File>,
    decoder: FrameDecoder,
    within: bool,
}

impl Frames {
    pub(super) fn new(file: File) -> Self {
        let file = BufReader::with_capacity(PACKED_BUFFER, file);
        Frames {
            file,
            decoder: FrameDecoder::new(),
            within: false,
        }
    }

    /// Goes to the next frame with rows; whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if self.file.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.file) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    if io::copy(&mut self.file.by_ref().take(length), &mut io::sink())? < length {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(broken(error)),
            }
        }
    }

    fn check_sum(&self) -> io::Result<()> {
        match (
            self.decoder.get_checksum_from_data(),
            self.decoder.get_calculated_checksum(),
        ) {
            (Some(noted), Some(found)) if noted != found => Err(broken("the checksum does not fit")),
            _ => Ok(()),
        }
    }
}

impl Read for Frames {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within {
                self.within = self.begin()?;
                if !self.within {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.file, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(broken)?;
            }
            match self.decoder.read(to)? {
                0 => {
                    self.check_sum()?;
                    self.within = false;
                }
                count => return Ok(count),
            }
        }
    }
}

fn broken(what: impl Into<Box<dyn Error + Send + Sync>>) -> io::Error {
    let what = what.into();
    let mut cause: Option<&(dyn Error + 'static)> = Some(&*what);
    while let Some(error) = cause {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == ErrorKind::UnexpectedEof)
        {
            return ErrorKind::UnexpectedEof.into();
        }
        cause = error.source();
    }
    io::Error::new(ErrorKind::InvalidData, what)
}
