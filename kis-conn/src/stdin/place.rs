//! A place behind a row that came through a pipe, as a position: readable text behind the version `1`.

use crate::{ConnError, Position, PositionText};

const VERSION: &str = "1 ";

/// Positions as people write them: without the version.
pub(super) const POSITIONS: PositionText = PositionText {
    show: |position| match parse(position.as_bytes()) {
        Some(place) => place.text(),
        None => position.show(),
    },
    parse: |text| {
        parse(format!("{VERSION}{text}").as_bytes())
            .map(PipePlace::position)
            .ok_or_else(|| {
                "write how many rows are before it and the line of the next one: row=57 line=59".to_owned()
            })
    },
};

/// How many rows came, and the line of the next one.
#[derive(Clone, Copy)]
pub(super) struct PipePlace {
    pub(super) row: u64,
    pub(super) line: u64,
}

impl PipePlace {
    /// The place as a position.
    pub(super) fn position(self) -> Position {
        Position::new(format!("{VERSION}{}", self.text()).into_bytes())
    }

    /// The place a position stands for; the beginning without one.
    pub(super) fn of(position: Option<&Position>, name: &str) -> Result<PipePlace, ConnError> {
        let Some(position) = position else {
            return Ok(PipePlace { row: 0, line: 1 });
        };
        parse(position.as_bytes()).ok_or_else(|| {
            let message = format!("{name}: {} is not a position of this source", position.show());
            ConnError::fatal("position", message)
        })
    }

    fn text(self) -> String {
        format!("row={} line={}", self.row, self.line)
    }
}

fn parse(bytes: &[u8]) -> Option<PipePlace> {
    let text = std::str::from_utf8(bytes).ok()?.strip_prefix(VERSION)?;
    let (row, line) = text.strip_prefix("row=")?.split_once(" line=")?;
    Some(PipePlace {
        row: row.parse().ok()?,
        line: line.parse().ok()?,
    })
}
