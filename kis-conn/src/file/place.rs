//! A place in a file behind a row, as a position: readable text behind the version `1`.

use std::fmt;

use super::fingerprint::Fingerprint;
use crate::{ConnError, Position, PositionText};

/// Positions as people write them: without the version.
pub(super) const POSITIONS: PositionText = PositionText {
    show: |position| match parse(position.as_bytes()) {
        Some(place) => place.to_string().split_off(VERSION.len()),
        None => position.show(),
    },
    parse: |text| {
        parse(format!("{VERSION}{text}").as_bytes())
            .map(|place| place.position())
            .ok_or_else(|| {
                "write it as `positions show` does, with the file it is of: \"row=57 line=59 byte=3390 file=1024:00c0ffee00c0ffee\"".to_owned()
            })
    },
};

const VERSION: &str = "1 ";

/// Where the next row begins, and of which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FilePlace {
    /// Rows before.
    pub(super) row: u64,
    /// The line of the next row, from 1.
    pub(super) line: u64,
    /// The offset of the next row in the unpacked text.
    pub(super) byte: u64,
    /// The row before ended with the file, not with a line end.
    pub(super) open_end: bool,
    pub(super) file: Fingerprint,
}

impl FilePlace {
    /// The place as a position.
    pub(super) fn position(&self) -> Position {
        Position::new(self.to_string().into_bytes())
    }

    /// The place a position stands for.
    pub(super) fn of(position: &Position, name: &str) -> Result<FilePlace, ConnError> {
        parse(position.as_bytes()).ok_or_else(|| {
            let shown = position.show();
            ConnError::fatal(
                "position",
                format!("{name}: {shown} is not a position of a file source"),
            )
        })
    }
}

/// `1 row=57 line=59 byte=3390 file=1024:00c0ffee00c0ffee`, with ` open` at the end if there was no line end.
impl fmt::Display for FilePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FilePlace {
            row,
            line,
            byte,
            open_end,
            file,
        } = self;
        write!(
            f,
            "{VERSION}row={row} line={line} byte={byte} file={}:{:016x}",
            file.len, file.hash
        )?;
        if *open_end { f.write_str(" open") } else { Ok(()) }
    }
}

fn parse(bytes: &[u8]) -> Option<FilePlace> {
    let mut words = std::str::from_utf8(bytes).ok()?.strip_prefix(VERSION)?.split(' ');
    let mut value = |key: &str| words.next()?.strip_prefix(key)?.strip_prefix('=');
    let row = value("row")?.parse().ok()?;
    let line = value("line")?.parse().ok()?;
    let byte = value("byte")?.parse().ok()?;
    let (len, hash) = value("file")?.split_once(':')?;
    let file = Fingerprint {
        len: len.parse().ok()?,
        hash: u64::from_str_radix(hash, 16).ok()?,
    };
    let open_end = match words.next() {
        None => false,
        Some("open") => true,
        Some(_) => return None,
    };
    Some(FilePlace {
        row,
        line,
        byte,
        open_end,
        file,
    })
}
